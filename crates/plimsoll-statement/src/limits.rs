//! Everything that a file may ask of us, and where it ends. Each has a test that reaches it.

/// Bytes of a file. A year of an account that trades all day is some hundred megabytes.
pub const FILE_BYTES_MAX: u64 = 2 << 30;
/// Bytes between `<` and `>`. The longest row that the broker writes is a cash report of about 8 KiB.
pub const ELEMENT_BYTES_MAX: usize = 256 << 10;
/// Attributes of one row. The broker's longest has about 200.
pub const ATTRIBUTES_MAX: usize = 1_000;
/// Elements within elements. The broker nests five.
pub const DEPTH_MAX: usize = 16;
/// Accounts and periods in one file.
pub const STATEMENTS_MAX: usize = 10_000;
/// Rows that are kept of one file.
pub const ROWS_MAX: usize = 1_000_000;
/// Problems that are listed; more are counted.
pub const PROBLEMS_MAX: usize = 200;
/// How much of a value a message repeats.
pub const SHOWN_MAX: usize = 60;
