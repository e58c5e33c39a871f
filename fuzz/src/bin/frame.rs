//! Fuzzes the target `frame`; its property is in the module of that name.

fn main() {
    plimsoll_fuzz::run(plimsoll_fuzz::frame::check);
}
