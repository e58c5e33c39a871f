//! Fuzzes the target `journal`; its property is in the module of that name.

fn main() {
    plimsoll_fuzz::run(plimsoll_fuzz::journal::check);
}
