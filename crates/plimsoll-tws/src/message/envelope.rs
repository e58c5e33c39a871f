//! The table macro behind [`super::Request`] and [`super::Response`], and the number that leads a frame.
//!
//! A macro, because one row per message has to become a variant, a number, a name, a leading version
//! field, a layout and a protobuf form at once; six hand-written lists of a hundred rows would drift apart.

use plimsoll_model::RawFrame;

use crate::layout::{DecodeError, NO_MESSAGE, Problem};
use crate::{Gate, ServerVersion};

/// Added to a message's number where its payload is protobuf.
pub(crate) const PROTOBUF_OFFSET: i32 = 200;
/// A number in four bytes leads each frame from version 201 on.
pub(crate) const NUMBER_LEN: usize = 4;

/// What leads a frame at a version with numbers in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The message's own number.
    pub(crate) id: i32,
    /// Whether protobuf follows, or else the fields of the text protocol without their number.
    pub(crate) is_protobuf: bool,
}

impl Head {
    /// The four bytes at the start of a frame.
    pub(crate) fn read(frame: &[u8]) -> Result<Self, DecodeError> {
        let Some(number) = frame.first_chunk::<NUMBER_LEN>() else {
            let field = "message number";
            return Err(DecodeError { message: NO_MESSAGE, field, index: 0, problem: Problem::Missing });
        };
        let number = i32::from_be_bytes(*number);
        let is_protobuf = number > PROTOBUF_OFFSET;
        let id = if is_protobuf { number - PROTOBUF_OFFSET } else { number };
        Ok(Self { id, is_protobuf })
    }

    pub(crate) fn bytes(self) -> [u8; NUMBER_LEN] {
        let number = if self.is_protobuf { self.id + PROTOBUF_OFFSET } else { self.id };
        number.to_be_bytes()
    }
}

/// The number of the message in a frame, without reading more of it.
///
/// ```
/// use plimsoll_tws::{RawFrame, ServerVersion, message::message_id};
///
/// let text = RawFrame::new(bytes::Bytes::from_static(b"49\01\0"));
/// assert_eq!(message_id(ServerVersion::MAX, &text), Some(49));
/// let protobuf = RawFrame::new(bytes::Bytes::from_static(b"\0\0\0\xF9"));
/// assert_eq!(message_id(ServerVersion::PROTOBUF, &protobuf), Some(49));
/// ```
pub fn message_id(version: ServerVersion, frame: &RawFrame) -> Option<i32> {
    if version.has(Gate::Protobuf) {
        return Head::read(frame.bytes()).ok().map(|head| head.id);
    }
    let end = frame.bytes().iter().take(12).position(|byte| *byte == 0)?;
    std::str::from_utf8(&frame.bytes()[..end]).ok()?.parse().ok()
}

/// The number of the request or order that a frame of protobuf leads with, without reading more of it.
pub fn leading_number(version: ServerVersion, frame: &RawFrame) -> Option<i32> {
    let head = Head::read(frame.bytes()).ok()?;
    if !version.has(Gate::Protobuf) || !head.is_protobuf {
        return None;
    }
    crate::proto::leading_whole(&frame.bytes()[NUMBER_LEN..])
}

/// One row: number, name, leading version field (written, never read; with `maybe` in front it is one that
/// the message does not have and some clients write), variant and its content, and the name of its protobuf
/// message; an empty name where it has none.
macro_rules! messages {
    (
        $(#[$doc:meta])*
        $enum:ident {
            $( $id:literal $name:literal [$($ver:literal)? $(maybe $stray:literal)?] $variant:ident $(($m:ident: $content:ty))? => $proto:literal ),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $enum {
            $(
                #[doc = concat!("`", $name, "`, message ", stringify!($id), ".")]
                $variant $(($content))?,
            )*
            /// A message without a type here, byte for byte.
            Raw {
                /// Its number.
                id: i32,
                /// The whole frame.
                frame: plimsoll_model::RawFrame,
            },
        }

        impl $enum {
            /// The message's number on the wire.
            pub const fn id(&self) -> i32 {
                match self {
                    $(Self::$variant { .. } => $id,)*
                    Self::Raw { id, .. } => *id,
                }
            }

            /// The message's name in IBKR's documentation.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)*
                    Self::Raw { .. } => "untyped message",
                }
            }

            /// The numbers and names of all messages that have a type.
            pub const TYPED: &[(i32, &'static str)] = &[$(($id, $name)),*];

            /// The numbers of all messages that have a protobuf form, with the names of those.
            pub const PROTOBUF: &[(i32, &'static str)] = &[$(($id, $proto)),*];

            /// Reads a frame. A number without a type here comes back as `Raw`; a known message with a
            /// field missing, left over or unreadable is an error. In protobuf a field with an unknown
            /// number is passed over.
            pub fn decode(
                version: $crate::ServerVersion,
                frame: &plimsoll_model::RawFrame,
            ) -> Result<Self, $crate::DecodeError> {
                Self::read(version, frame).map(|(message, _)| message)
            }

            /// The numbers of the fields in a protobuf frame that no form names, the first few of them.
            pub fn unknown_fields(
                version: $crate::ServerVersion,
                frame: &plimsoll_model::RawFrame,
            ) -> Result<Vec<u32>, $crate::DecodeError> {
                Self::read(version, frame).map(|(_, unknown)| unknown)
            }

            /// [`decode`](Self::decode) and [`unknown_fields`](Self::unknown_fields) in one.
            pub(crate) fn read(
                version: $crate::ServerVersion,
                frame: &plimsoll_model::RawFrame,
            ) -> Result<(Self, Vec<u32>), $crate::DecodeError> {
                use $crate::message::envelope::{Head, NUMBER_LEN};
                let bytes = frame.payload();
                let mut reader = $crate::layout::Reader::new(bytes, version);
                let head = if version.has($crate::Gate::Protobuf) {
                    reader.pass_over(NUMBER_LEN);
                    Head::read(bytes)?
                } else {
                    Head { id: reader.message_id()?, is_protobuf: false }
                };
                let raw = || Self::Raw { id: head.id, frame: frame.clone() };
                let Some(mut message) = Self::blank(head.id) else { return Ok((raw(), Vec::new())) };
                if !head.is_protobuf {
                    reader.enter(message.name());
                    message.layout(&mut reader)?;
                    reader.finish()?;
                    return Ok((message, Vec::new()));
                }
                if message.protobuf_name().is_empty() {
                    return Ok((raw(), Vec::new()));
                }
                let mut reader = $crate::proto::Reader::new(bytes.clone(), NUMBER_LEN, message.name())?;
                message.form(&mut reader)?;
                Ok((message, reader.finish()))
            }

            /// Where the named field of a text message is in its frame; nothing if the message has no such
            /// field. The whole frame is read, so a damaged one is an error.
            pub(crate) fn locate(
                version: $crate::ServerVersion,
                frame: &plimsoll_model::RawFrame,
                field: &'static str,
            ) -> Result<Option<std::ops::Range<usize>>, $crate::DecodeError> {
                use $crate::message::envelope::{Head, NUMBER_LEN};
                let bytes = frame.payload();
                let mut reader = $crate::layout::Reader::seeking(bytes, version, field);
                let id = if version.has($crate::Gate::Protobuf) {
                    reader.pass_over(NUMBER_LEN);
                    Head::read(bytes)?.id
                } else {
                    reader.message_id()?
                };
                let Some(mut message) = Self::blank(id) else { return Ok(None) };
                reader.enter(message.name());
                message.layout(&mut reader)?;
                reader.finish()?;
                Ok(reader.found().cloned())
            }

            /// Writes the message as a frame's payload.
            pub fn encode(&self, version: $crate::ServerVersion) -> plimsoll_model::RawFrame {
                if let Self::Raw { frame, .. } = self {
                    return frame.clone();
                }
                let mut message = self.clone();
                if version.has($crate::Gate::Protobuf) {
                    return message.encode_numbered(version);
                }
                let mut writer = $crate::layout::Writer::new(version, &[]);
                let mut id = self.id();
                $crate::layout::Fields::visit(&mut writer, "message number", &mut id)
                    .and_then(|()| message.layout(&mut writer))
                    .expect("writing has no way to fail");
                writer.into_frame()
            }

            /// The same behind a number in four bytes.
            fn encode_numbered(mut self, version: $crate::ServerVersion) -> plimsoll_model::RawFrame {
                use $crate::message::envelope::Head;
                let is_protobuf = !self.protobuf_name().is_empty();
                let head = Head { id: self.id(), is_protobuf }.bytes();
                if is_protobuf {
                    let mut writer = $crate::proto::Writer::new(bytes::BytesMut::from(&head[..]));
                    self.form(&mut writer).expect("writing has no way to fail");
                    return plimsoll_model::RawFrame::new(writer.into_bytes().freeze());
                }
                let mut writer = $crate::layout::Writer::new(version, &head);
                self.layout(&mut writer).expect("writing has no way to fail");
                writer.into_frame()
            }

            /// The name of the message's protobuf form; empty if it has none.
            pub const fn protobuf_name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $proto,)*
                    Self::Raw { .. } => "",
                }
            }

            /// The fields of the protobuf form.
            pub(crate) fn form(&mut self, f: &mut impl $crate::proto::Numbered) -> $crate::layout::Step {
                match self {
                    $(
                        Self::$variant $(($m))? => {
                            $($crate::proto::Form::form($m, f)?;)?
                            Ok(())
                        }
                    )*
                    Self::Raw { .. } => Ok(()),
                }
            }

            /// The message of this number with every field absent.
            pub(crate) fn blank(id: i32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$variant $((<$content>::default()))?),)*
                    _ => None,
                }
            }

            /// The fields after the number.
            pub(crate) fn layout(&mut self, f: &mut impl $crate::layout::Fields) -> $crate::layout::Step {
                match self {
                    $(
                        Self::$variant $(($m))? => {
                            $(f.constant("version", $ver)?;)?
                            $(f.stray("version", $stray)?;)?
                            $($crate::layout::Layout::layout($m, f)?;)?
                            Ok(())
                        }
                    )*
                    Self::Raw { .. } => Ok(()),
                }
            }
        }
    };
}

pub(crate) use messages;
