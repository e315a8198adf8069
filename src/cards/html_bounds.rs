//! Tells whether HTML is safe to build a tree from: not too deep, not too large.
//!
//! A browser-grade HTML parser repairs broken markup by repeating formatting elements that were left open (`<b>`, `<font>`)
//! in every block that follows, so a small text can grow into billions of nodes; and it compares every attribute of a tag
//! with all others of that tag. So README HTML is first run through the same tokenizer with a counter, which errs on the
//! side of refusal.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::{LocalName, TokenizerResult};

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 256;
/// Largest number of nodes, repeated formatting elements included.
const MAX_NODES: usize = 200_000;
/// Bound of [`serializing_cost`]: a tenth of a second.
const MAX_SERIALIZING_COST: usize = 2_000_000_000;
/// How much text is given to the tokenizer at once, in bytes.
const CHUNK_BYTES: usize = 4 * 1024;
/// A tag or comment may not span more chunks than this.
const MAX_SILENT_CHUNKS: usize = 4;

/// True when a tree of `html` stays within the bounds.
pub fn holds(html: &str) -> bool {
    // Inside such a section the tokenizer needs to know the tree, which a counter does not have.
    if html.contains("<![CDATA[") || serializing_cost(html) > MAX_SERIALIZING_COST {
        return false;
    }
    let tokenizer = Tokenizer::new(Counter::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut silent = 0;
    let mut rest = html;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES.min(rest.len())));
        rest = after;
        tokenizer.sink.state.borrow_mut().spoke = false;
        queue.push_back(StrTendril::from_slice(chunk));
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        let state = tokenizer.sink.state.borrow();
        silent = if state.spoke { 0 } else { silent + 1 };
        if state.refused || silent > MAX_SILENT_CHUNKS {
            return false;
        }
    }
    true
}

/// How many bytes the serializer looks at: at every `&` and every letter of the Latin-1 block it searches the rest of the
/// text for the next bracket.
fn serializing_cost(html: &str) -> usize {
    let cost = |text: &str| text.len() * text.bytes().filter(|byte| matches!(byte, b'&' | 0xC2)).count();
    html.split('<').map(cost).fold(0, usize::saturating_add)
}

#[derive(Default)]
struct Counter {
    state: RefCell<Count>,
}

#[derive(Default)]
struct Count {
    /// Elements that are open, outermost first.
    open: Vec<LocalName>,
    /// How many of them are formatting elements.
    formatting: usize,
    /// Formatting elements that were closed out of order, which the tree builder may keep repeating.
    leaked: usize,
    nodes: usize,
    refused: bool,
    /// A token has come since the last chunk.
    spoke: bool,
}

impl TokenSink for Counter {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut count = self.state.borrow_mut();
        match token {
            TagToken(tag) => {
                count.spoke = true;
                count.tag(&tag)
            }
            Token::ParseError(_) => TokenSinkResult::Continue,
            _ => {
                count.spoke = true;
                TokenSinkResult::Continue
            }
        }
    }
}

impl Count {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        if tag.kind == StartTag {
            self.start(&tag.name);
        } else {
            self.end(&tag.name);
        }
        self.nodes += 2 + self.leaked + self.formatting;
        if self.nodes > MAX_NODES || self.open.len() + self.leaked > MAX_DEPTH {
            self.refused = true;
        }
        match &*tag.name {
            _ if tag.kind != StartTag => TokenSinkResult::Continue,
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "plaintext" => TokenSinkResult::Plaintext,
            // Other rules hold inside these, and none of them is ever shown.
            "svg" | "math" | "template" | "select" | "frameset" => {
                self.refused = true;
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }

    fn start(&mut self, name: &LocalName) {
        if is_void(name) {
            return;
        }
        while let Some(top) = self.open.last()
            && is_closed_by(top, name)
        {
            self.open.pop();
        }
        self.formatting += usize::from(is_formatting(name));
        self.open.push(name.clone());
    }

    fn end(&mut self, name: &LocalName) {
        if is_formatting(name) {
            // Out of order it stays counted as open until what contains it is closed.
            if self.open.last() == Some(name) {
                self.open.pop();
                self.formatting -= 1;
            }
        } else if let Some(place) = self.open.iter().rposition(|open| open == name) {
            let lost = self.open[place..].iter().filter(|open| is_formatting(open)).count();
            self.open.truncate(place);
            self.formatting -= lost;
            self.leaked += lost;
        }
    }
}

fn is_formatting(name: &str) -> bool {
    matches!(
        name,
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike" | "strong" | "tt" | "u"
    )
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements that end without an end tag when one of their own kind begins.
fn is_closed_by(open: &str, next: &str) -> bool {
    match next {
        "p" | "li" => open == next,
        "dt" | "dd" => matches!(open, "dt" | "dd"),
        "td" | "th" => matches!(open, "td" | "th"),
        "tr" => matches!(open, "td" | "th" | "tr"),
        "thead" | "tbody" | "tfoot" => matches!(open, "td" | "th" | "tr" | "thead" | "tbody" | "tfoot"),
        _ => false,
    }
}
