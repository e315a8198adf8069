//! From the events of the YAML parser to a tree with places, within bounds.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::cards::problem::Position;
use crate::cards::scalar;
use crate::cards::yaml::{Content, Document, Entry, MAX_DEPTH, MAX_WEIGHT, NODE_WEIGHT, Node, Unreadable};

pub(super) struct Reader<'text> {
    parser: Parser<'text, StrInput<'text>>,
    first_line: u32,
    offsets: Offsets<'text>,
    anchors: HashMap<usize, (Node, usize)>,
    weight: usize,
    /// Where the last thing that was really written ends, in characters.
    written_to: usize,
}

/// A collection that is still open.
struct Frame {
    anchor: usize,
    node: Node,
    key: Option<(String, Span)>,
    seen: HashSet<String>,
}

impl<'text> Reader<'text> {
    pub(super) fn new(yaml: &'text str, first_line: u32) -> Self {
        Self {
            parser: Parser::new_from_str(yaml),
            first_line,
            offsets: Offsets {
                text: yaml,
                characters: 0,
                bytes: 0,
            },
            anchors: HashMap::new(),
            weight: 0,
            written_to: 0,
        }
    }

    pub(super) fn document(mut self) -> Result<Document, Unreadable> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) => {}
                Event::StreamEnd => return Ok(Document::default()),
                Event::MappingStart(anchor, tag) => {
                    let irregular = anchor != 0 || tag.is_some() || !span.is_empty();
                    let entries = self.root(span)?;
                    self.expect_end()?;
                    return Ok(Document { entries, irregular });
                }
                Event::Scalar(text, ScalarStyle::Plain, _, _) if scalar::resolve(&text).is_null() => {
                    self.expect_end()?;
                    return Ok(Document {
                        entries: Vec::new(),
                        irregular: true,
                    });
                }
                _ => return Err(self.refuse("front matter must consist of `field: value` lines", span.start)),
            }
        }
    }

    /// The fields of the mapping that is the document.
    fn root(&mut self, span: Span) -> Result<Vec<Entry>, Unreadable> {
        let at = self.position(span.start);
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(entries);
            }
            let key = self.key(event, span)?;
            if !seen.insert(key.clone()) {
                return Err(self.refuse(&format!("field `{}` is given twice", shorten(&key)), span.start));
            }
            let key_start = self.offsets.byte_of(span.start.index());
            let (event, value_span) = self.next()?;
            let value_start = self.offsets.byte_of(value_span.start.index());
            let node = self.node(event, value_span, at)?;
            let value_end = self.offsets.byte_of(self.written_to.max(value_span.start.index()));
            entries.push(Entry {
                key,
                key_at: self.position(span.start),
                node,
                key_start,
                value: value_start..value_end,
            });
        }
    }

    /// A value whose first event has been read, nested values included.
    fn node(&mut self, event: Event<'text>, span: Span, outer: Position) -> Result<Node, Unreadable> {
        let mut open: Vec<Frame> = Vec::new();
        let (mut event, mut span) = (event, span);
        loop {
            let finished = match event {
                Event::SequenceStart(anchor, _) => {
                    self.open(&mut open, anchor, Content::List(Vec::new()), span)?;
                    None
                }
                Event::MappingStart(anchor, _) => {
                    self.open(&mut open, anchor, Content::Map(Vec::new()), span)?;
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => open.pop().map(|frame| (frame.node, frame.anchor)),
                Event::Alias(anchor) => Some((self.alias(anchor, span)?, 0)),
                Event::Scalar(text, style, anchor, tag) => {
                    let plain = style == ScalarStyle::Plain && !is_text_tag(tag.as_deref());
                    self.add_weight(NODE_WEIGHT + text.len(), span.start)?;
                    let content = Content::Scalar {
                        text: text.into_owned(),
                        plain,
                    };
                    Some((
                        Node {
                            at: self.position(span.start),
                            content,
                        },
                        anchor,
                    ))
                }
                _ => {
                    return Err(Unreadable {
                        message: "front matter ends too early".to_owned(),
                        at: outer,
                    });
                }
            };
            if let Some((node, anchor)) = finished {
                self.remember(anchor, &node, span)?;
                match open.last_mut() {
                    None => return Ok(node),
                    Some(frame) => frame.push(node),
                }
            }
            (event, span) = self.next()?;
            if let Some(frame) = open.last()
                && frame.wants_key()
                && !matches!(event, Event::MappingEnd)
            {
                self.nested_key(&mut open, event, span)?;
                (event, span) = self.next()?;
            }
        }
    }

    fn open(&mut self, open: &mut Vec<Frame>, anchor: usize, content: Content, span: Span) -> Result<(), Unreadable> {
        if open.len() + 1 >= MAX_DEPTH {
            return Err(self.refuse(
                &format!("front matter is nested deeper than {MAX_DEPTH} levels"),
                span.start,
            ));
        }
        self.add_weight(NODE_WEIGHT, span.start)?;
        let node = Node {
            at: self.position(span.start),
            content,
        };
        open.push(Frame {
            anchor,
            node,
            key: None,
            seen: HashSet::new(),
        });
        Ok(())
    }

    fn nested_key(&mut self, open: &mut [Frame], event: Event<'text>, span: Span) -> Result<(), Unreadable> {
        let key = self.key(event, span)?;
        self.add_weight(2 * key.len(), span.start)?;
        let Some(frame) = open.last_mut() else { return Ok(()) };
        if !frame.seen.insert(key.clone()) {
            return Err(self.refuse(&format!("field `{}` is given twice", shorten(&key)), span.start));
        }
        frame.key = Some((key, span));
        Ok(())
    }

    fn key(&self, event: Event<'text>, span: Span) -> Result<String, Unreadable> {
        match event {
            Event::Scalar(text, ..) => Ok(text.into_owned()),
            _ => Err(self.refuse("the name of a field must be a text", span.start)),
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Unreadable> {
        let Some((node, weight)) = self.anchors.get(&anchor) else {
            return Err(self.refuse("an alias stands inside the value that it names", span.start));
        };
        let (node, weight) = (node, *weight);
        if self.weight + weight > MAX_WEIGHT {
            return Err(self.refuse(TOO_HEAVY, span.start));
        }
        let node = node.clone();
        self.weight += weight;
        Ok(node)
    }

    fn remember(&mut self, anchor: usize, node: &Node, span: Span) -> Result<(), Unreadable> {
        if anchor != 0 {
            let weight = node.weight();
            self.add_weight(weight, span.start)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        Ok(())
    }

    fn add_weight(&mut self, weight: usize, at: Marker) -> Result<(), Unreadable> {
        self.weight += weight;
        if self.weight > MAX_WEIGHT {
            Err(self.refuse(TOO_HEAVY, at))
        } else {
            Ok(())
        }
    }

    fn expect_end(&mut self) -> Result<(), Unreadable> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, span) => return Err(self.refuse("front matter must be a single document", span.start)),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'text>, Span), Unreadable> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                if !span.is_empty() {
                    // The span of a closing bracket takes in the blanks and the comment after it.
                    let bracket = matches!(event, Event::SequenceEnd | Event::MappingEnd);
                    self.written_to = if bracket {
                        span.start.index() + 1
                    } else {
                        span.end.index()
                    };
                }
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.invalid(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn invalid(&self, error: &ScanError) -> Unreadable {
        self.refuse(&format!("not valid YAML: {}", error.info()), *error.marker())
    }

    fn refuse(&self, message: &str, at: Marker) -> Unreadable {
        Unreadable {
            message: message.to_owned(),
            at: self.position(at),
        }
    }

    fn position(&self, marker: Marker) -> Position {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Position {
            line: self.first_line.saturating_add(number(marker.line().saturating_sub(1))),
            column: number(marker.col()).saturating_add(1),
        }
    }
}

const TOO_HEAVY: &str = "front matter has too many values, or grows too large when its aliases are expanded";

impl Frame {
    fn wants_key(&self) -> bool {
        matches!(self.node.content, Content::Map(_)) && self.key.is_none()
    }

    fn push(&mut self, node: Node) {
        match (&mut self.node.content, self.key.take()) {
            (Content::List(items), _) => items.push(node),
            (Content::Map(entries), Some((key, _))) => entries.push((key, node)),
            (Content::Map(_), None) | (Content::Scalar { .. }, _) => {}
        }
    }
}

fn is_text_tag(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| {
        (tag.is_yaml_core_schema() && tag.suffix == "str") || (tag.handle == "!" && tag.suffix.is_empty())
    })
}

/// Turns character counts of the parser into bytes; counts come in rising order, so one walk is enough.
struct Offsets<'text> {
    text: &'text str,
    characters: usize,
    bytes: usize,
}

impl Offsets<'_> {
    fn byte_of(&mut self, characters: usize) -> usize {
        if characters < self.characters {
            (self.characters, self.bytes) = (0, 0);
        }
        for character in self.text[self.bytes..].chars().take(characters - self.characters) {
            self.characters += 1;
            self.bytes += character.len_utf8();
        }
        self.bytes
    }
}

fn shorten(key: &str) -> String {
    key.chars().take(60).collect()
}
