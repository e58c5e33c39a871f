//! Fuzzes the target `handshake`; its property is in the module of that name.

fn main() {
    plimsoll_fuzz::run(plimsoll_fuzz::handshake::check);
}
