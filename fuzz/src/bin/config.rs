//! Fuzzes the target `config`; its property is in the module of that name.

fn main() {
    plimsoll_fuzz::run(plimsoll_fuzz::config::check);
}
