//! The shape that all indexes share: keys, one field of all text, one of names and titles, keyword and number columns, and
//! the stored document.

use crate::search::analyzer::{STARTS, StartsAnalyzer, TEXT, TextAnalyzer, weighted};
use crate::search::engine::{Change, Columns};
use crate::search::live::LiveRow;
use crate::search::query::TextFields;
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, NumericOptions, STORED, STRING, Schema, TextFieldIndexing,
    TextOptions,
};
use tantivy::tokenizer::{TextAnalyzer as Analyzer, TokenizerManager};
use tantivy::{TantivyDocument, Term};

/// Keyword values longer than this many bytes are cut.
const LONGEST_KEYWORD: usize = 200;

/// A thing that an index finds.
pub trait Indexed: Send + Sync + 'static {
    /// Folder of the index.
    const NAME: &'static str;
    /// Raised whenever the schema or the analysis changes; an index of another version is rebuilt.
    const VERSION: u32;
    /// Exact values that filter, and whether they are also counted or sorted by.
    const KEYWORDS: &'static [(&'static str, bool)];
    /// Numbers that filter and sort.
    const NUMBERS: &'static [&'static str];

    /// Breaks ties; the same for every version of a thing.
    fn id(&self) -> u128;
    /// The key that a newer version replaces, then keys under which whole groups are deleted.
    fn keys(&self) -> Vec<String>;
    /// The row of the index.
    fn row(&self) -> Row;

    /// What a change means for the rows in memory, for indexes that have them.
    fn live_change(_change: &Change<Self>) -> Option<(u128, LiveRow)>
    where
        Self: Sized,
    {
        None
    }

    /// The row in memory as the index remembers it, for indexes that have them.
    fn live_row_of(_columns: &Columns, _document: u32) -> LiveRow {
        LiveRow::default()
    }
}

/// What of a thing is written.
#[derive(Debug, Default)]
pub struct Row {
    /// Searchable text with its weight (1 to 15).
    pub(crate) text: Vec<(u8, String)>,
    /// Names and titles with their weight; they belong to `text` too.
    pub(crate) head: Vec<(u8, String)>,
    /// Index into [`Indexed::KEYWORDS`] and value.
    pub(crate) keywords: Vec<(usize, String)>,
    /// In the order of [`Indexed::NUMBERS`].
    pub(crate) numbers: Vec<i64>,
    /// What a hit shows, encoded.
    pub(crate) stored: Vec<u8>,
}

/// The fields of one index.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    pub(crate) key: Field,
    pub(crate) text: TextFields,
    pub(crate) keywords: Vec<Field>,
    pub(crate) numbers: Vec<Field>,
    pub(crate) stored: Field,
    id_high: Field,
    id_low: Field,
}

/// Names of the columns that hold the two halves of [`Indexed::id`].
pub(crate) const ID_COLUMNS: [&str; 2] = ["id_high", "id_low"];

impl Fields {
    /// The fields of an index of `D`.
    pub(crate) fn of<D: Indexed>() -> Self {
        let mut schema = Schema::builder();
        let analyzed = |tokenizer: &str, record| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(record);
            TextOptions::default().set_indexing_options(indexing)
        };
        let key = schema.add_text_field("key", STRING);
        let text = TextFields {
            text: schema.add_text_field("text", analyzed(TEXT, IndexRecordOption::WithFreqsAndPositions)),
            head: schema.add_text_field("head", analyzed(TEXT, IndexRecordOption::WithFreqsAndPositions)),
            starts: schema.add_text_field("starts", analyzed(STARTS, IndexRecordOption::Basic)),
        };
        let [id_high, id_low] = ID_COLUMNS.map(|name| schema.add_u64_field(name, FAST));
        let keywords = D::KEYWORDS.iter().map(|(name, fast)| {
            let options = STRING;
            schema.add_text_field(name, if *fast { options.set_fast("raw") } else { options })
        });
        let keywords = keywords.collect();
        let numbers = D::NUMBERS
            .iter()
            .map(|name| schema.add_i64_field(name, NumericOptions::from(FAST)));
        let numbers = numbers.collect();
        let stored = schema.add_bytes_field("stored", BytesOptions::from(STORED));
        Self {
            schema: schema.build(),
            key,
            text,
            keywords,
            numbers,
            stored,
            id_high,
            id_low,
        }
    }

    /// The document that tantivy indexes.
    pub(crate) fn document<D: Indexed>(&self, thing: &D) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let row = thing.row();
        for key in thing.keys() {
            document.add_text(self.key, key);
        }
        let id = thing.id();
        document.add_u64(self.id_high, u64::try_from(id >> 64).unwrap_or(u64::MAX));
        document.add_u64(
            self.id_low,
            u64::try_from(id & u128::from(u64::MAX)).unwrap_or(u64::MAX),
        );
        for (weight, text) in row.text.iter().filter(|(_, text)| !text.is_empty()) {
            document.add_text(self.text.text, weighted(*weight, text));
        }
        for (weight, text) in row.head.iter().filter(|(_, text)| !text.is_empty()) {
            let value = weighted(*weight, text);
            document.add_text(self.text.head, &value);
            document.add_text(self.text.starts, &value);
        }
        for (index, value) in &row.keywords {
            document.add_text(self.keywords[*index], cut(value, LONGEST_KEYWORD));
        }
        for (field, number) in self.numbers.iter().zip(&row.numbers) {
            document.add_i64(*field, *number);
        }
        document.add_bytes(self.stored, &row.stored);
        document
    }

    /// The term of a key.
    pub(crate) fn key_term(&self, key: &str) -> Term {
        Term::from_field_text(self.key, key)
    }

    /// The term of a keyword.
    pub(crate) fn keyword_term(&self, index: usize, value: &str) -> Term {
        Term::from_field_text(self.keywords[index], cut(value, LONGEST_KEYWORD))
    }
}

/// The analyzers that the fields name.
pub(crate) fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(TEXT, Analyzer::from(TextAnalyzer));
    manager.register(STARTS, Analyzer::from(StartsAnalyzer));
    manager
}

/// The longest beginning of a text that fits into a number of bytes.
pub(crate) fn cut(text: &str, most_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(most_bytes)]
}
