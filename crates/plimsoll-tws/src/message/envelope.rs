//! The table macro behind [`super::Request`] and [`super::Response`].
//!
//! A macro, because one row per message has to become a variant, a number, a name, a leading version
//! field and a layout at once; five hand-written lists of a hundred rows would drift apart.

/// One row: number, name, leading version field (written, never read), variant and its content.
macro_rules! messages {
    (
        $(#[$doc:meta])*
        $enum:ident {
            $( $id:literal $name:literal [$($ver:literal)?] $variant:ident $(($m:ident: $content:ty))? ),* $(,)?
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

            /// Reads a frame. A number without a type here comes back as `Raw`; a known message with a
            /// field missing, left over or unreadable is an error.
            pub fn decode(
                version: $crate::ServerVersion,
                frame: &plimsoll_model::RawFrame,
            ) -> Result<Self, $crate::DecodeError> {
                let bytes = frame.clone().into_bytes();
                let mut reader = $crate::layout::Reader::new(&bytes, version);
                let id = reader.message_id()?;
                let Some(mut message) = Self::blank(id) else {
                    return Ok(Self::Raw { id, frame: frame.clone() });
                };
                reader.enter(message.name());
                message.layout(&mut reader)?;
                reader.finish()?;
                Ok(message)
            }

            /// Where the named field of a message is in its frame; nothing if the message has no such
            /// field. The whole frame is read, so a damaged one is an error.
            pub(crate) fn locate(
                version: $crate::ServerVersion,
                frame: &plimsoll_model::RawFrame,
                field: &'static str,
            ) -> Result<Option<std::ops::Range<usize>>, $crate::DecodeError> {
                let bytes = frame.clone().into_bytes();
                let mut reader = $crate::layout::Reader::seeking(&bytes, version, field);
                let id = reader.message_id()?;
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
                let mut writer = $crate::layout::Writer::new(version);
                let mut id = self.id();
                let mut message = self.clone();
                $crate::layout::Fields::visit(&mut writer, "message number", &mut id)
                    .and_then(|()| message.layout(&mut writer))
                    .expect("writing has no way to fail");
                writer.into_frame()
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
