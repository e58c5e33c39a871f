//! XML as rows: elements with attributes, one at a time, within limits.
//!
//! Flex statements use little of XML, so little is read of it: no document types, no entities but the five that XML
//! itself has, no other encoding than UTF-8. What is refused here cannot grow there.

use std::io::{self, BufRead, Read};

use quick_xml::escape::EscapeError;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};

use crate::error::{ReadError, shown};
use crate::limits;

/// What comes next in the file.
pub(crate) enum Part {
    /// An element begins; it may have others within.
    Start(Element),
    /// The element ends that began last.
    End,
    /// Words between elements. Only error answers have any.
    Text(String),
    /// The file is over, and whole.
    Over,
}

/// An element's name and attributes.
pub(crate) struct Element {
    pub(crate) name: Box<str>,
    pub(crate) attributes: Vec<(Box<str>, Box<str>)>,
    pub(crate) line: u64,
}

impl Element {
    /// A value that is there and says something.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.attributes.iter().find(|(key, _)| &**key == name).map(|(_, value)| value.trim());
        value.filter(|value| !is_absent(value))
    }
}

/// How the broker writes that there is nothing to write.
fn is_absent(value: &str) -> bool {
    matches!(value, "" | "-" | "--" | "N/A" | "n/a")
}

/// Reads a file part by part.
pub(crate) struct Parts<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    depth: usize,
    /// An element without content has an end, too, that the file does not write.
    owes_end: bool,
    has_begun: bool,
}

impl<R: BufRead> Parts<R> {
    pub(crate) fn new(input: R) -> Self {
        let mut reader = Reader::from_reader(Bounded::new(input));
        let config = reader.config_mut();
        config.check_end_names = true;
        config.allow_dangling_amp = false;
        Self { reader, buffer: Vec::new(), depth: 0, owes_end: false, has_begun: false }
    }

    /// Where the reader is.
    pub(crate) fn line(&mut self) -> u64 {
        self.reader.get_mut().line
    }

    pub(crate) fn next(&mut self) -> Result<Part, ReadError> {
        if std::mem::take(&mut self.owes_end) {
            return Ok(Part::End);
        }
        loop {
            let line = self.line();
            self.reader.get_mut().begin_element();
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => {
                    let over = self.reader.get_mut().over;
                    return Err(refuse(error, over, line));
                }
            };
            // A reader that has everything in memory hands it over at once.
            if self.reader.get_mut().of_element > limits::ELEMENT_BYTES_MAX {
                return Err(too_much(line, "the length of one element", limits::ELEMENT_BYTES_MAX));
            }
            let foreign = |what: &str| ReadError::Foreign { line, what: what.to_owned() };
            match event {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > limits::DEPTH_MAX {
                        return Err(too_much(line, "the nesting of elements", limits::DEPTH_MAX));
                    }
                    self.has_begun = true;
                    return Ok(Part::Start(element(&start, line)?));
                }
                Event::Empty(start) => {
                    self.has_begun = true;
                    self.owes_end = true;
                    return Ok(Part::Start(element(&start, line)?));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Part::End);
                }
                Event::Text(text) => {
                    let text: &str = &text;
                    if !text.trim().is_empty() {
                        return Ok(Part::Text(text.trim().to_owned()));
                    }
                }
                Event::CData(text) => return Ok(Part::Text(text.trim().to_owned())),
                Event::Decl(decl) => {
                    let encoding = decl.encoding().and_then(Result::ok).unwrap_or("UTF-8".into());
                    if !["utf-8", "utf8", "us-ascii"].contains(&&*encoding.to_ascii_lowercase()) {
                        return Err(foreign(&format!("the encoding `{}`", shown(&encoding))));
                    }
                }
                Event::DocType(_) => return Err(foreign("a document type")),
                // `&amp;` between elements; error answers may have it.
                Event::GeneralRef(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::Eof if self.depth > 0 || !self.has_begun => {
                    let what = if self.has_begun {
                        "the file ends in the middle of the statement"
                    } else {
                        "the file is empty or no XML"
                    };
                    return Err(ReadError::Broken { line, what: what.to_owned() });
                }
                Event::Eof => return Ok(Part::Over),
            }
        }
    }
}

fn element(start: &BytesStart<'_>, line: u64) -> Result<Element, ReadError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| refuse_attribute(&error, line))?;
        if attributes.len() == limits::ATTRIBUTES_MAX {
            return Err(too_much(line, "the number of fields in one row", limits::ATTRIBUTES_MAX));
        }
        let value =
            attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| refuse(error, None, line))?;
        attributes.push((attribute.key.as_ref().into(), value.as_ref().into()));
    }
    Ok(Element { name: start.name().as_ref().into(), attributes, line })
}

fn too_much(line: u64, what: &'static str, max: usize) -> ReadError {
    ReadError::TooMuch { line, what, max: max as u64 }
}

fn refuse_attribute(error: &AttrError, line: u64) -> ReadError {
    ReadError::Broken { line, what: format!("a field that cannot be read ({})", shown(&error.to_string())) }
}

fn refuse(error: Error, over: Option<Over>, line: u64) -> ReadError {
    match (over, error) {
        (Some(Over::Element), _) => too_much(line, "the length of one element", limits::ELEMENT_BYTES_MAX),
        (Some(Over::File), _) => {
            ReadError::TooMuch { line, what: "the length of the file", max: limits::FILE_BYTES_MAX }
        }
        (None, Error::Escape(EscapeError::UnrecognizedEntity(_, name))) => {
            ReadError::Foreign { line, what: format!("the entity `{}`", shown(&name)) }
        }
        (None, Error::Io(error)) => ReadError::Io(io::Error::new(error.kind(), error.to_string())),
        (None, Error::Encoding(_)) => ReadError::Foreign { line, what: "text that is not UTF-8".to_owned() },
        (None, error) => ReadError::Broken { line, what: shown(&error.to_string()) },
    }
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy)]
enum Over {
    Element,
    File,
}

/// A reader that counts lines, and that ends with an error where an element or the file has no end.
struct Bounded<R> {
    input: R,
    line: u64,
    total: u64,
    of_element: usize,
    over: Option<Over>,
}

impl<R: BufRead> Bounded<R> {
    fn new(input: R) -> Self {
        Self { input, line: 1, total: 0, of_element: 0, over: None }
    }

    fn begin_element(&mut self) {
        self.of_element = 0;
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.of_element > limits::ELEMENT_BYTES_MAX {
            self.over = Some(Over::Element);
        } else if self.total > limits::FILE_BYTES_MAX {
            self.over = Some(Over::File);
        }
        match self.over {
            Some(_) => Err(io::Error::other("too long")),
            None => self.input.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(bytes) = self.input.fill_buf() {
            let lines = bytes.iter().take(amount).filter(|byte| **byte == b'\n').count();
            self.line += lines as u64;
        }
        self.of_element = self.of_element.saturating_add(amount);
        self.total = self.total.saturating_add(amount as u64);
        self.input.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let amount = bytes.len().min(into.len());
        into[..amount].copy_from_slice(&bytes[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}
