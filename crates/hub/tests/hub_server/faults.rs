//! The ways in which the hub fails.

use std::time::Duration;

/// Which requests fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Those about repositories.
    Api,
    /// Those about a file, without its bytes.
    Head,
    /// Those for bytes.
    Bytes,
}

/// How a request fails.
#[derive(Clone, Debug)]
pub enum Fault {
    /// With a status and one header.
    Status(u16, &'static str, String),
    /// The connection ends after so many bytes of the body.
    Cut(u64),
    /// Nothing more comes after so many bytes of the body.
    Stall(u64, Duration),
    /// The byte there is another.
    Wrong(u64),
    /// The whole file comes, with 200.
    Whole,
    /// The range begins elsewhere than it says.
    OtherRange,
    /// The file has another length by what the range says.
    OtherLength,
    /// The content has another name.
    OtherEtag,
    /// A redirect leads there.
    Redirect(String),
    /// The body never ends.
    Endless,
}
