use crate::base::blocking;
use crate::cards::values::comparable;
use crate::cards::{Cards, CardsError, fields, store};
use crate::repos::ReadRepo;
use crate::store::StoreError;
use crate::users::Caller;

/// Fields whose use is told at most.
const MOST_FIELDS: usize = 100;

/// How often a field is used, and with which values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldUse {
    /// The field.
    pub field: String,
    /// Public repositories whose cards have it.
    pub repositories: u64,
    /// The most frequent values with the number of public repositories that have them.
    pub values: Vec<(String, u64)>,
}

impl Cards {
    /// Repositories whose card has this value in this field, or the field at all when no value is given: first the private
    /// ones that the caller may read, then the public ones, the newest first among each. Answers a page and the total.
    pub async fn find(
        &self,
        caller: &Caller,
        field: &str,
        value: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<ReadRepo>, u64), CardsError> {
        let (slice, caller) = (self.clone(), caller.clone());
        let (field, value) = (
            fields::canonical(field.trim()).to_owned(),
            value.map(comparable).unwrap_or_default(),
        );
        blocking(move || {
            let private = slice.private(&caller, &field, &value)?;
            let skipped = offset.saturating_sub(private.len());
            let mut page: Vec<ReadRepo> = private.iter().skip(offset).take(limit).cloned().collect();
            let (ids, public) = slice.store.read(|tx| {
                let wanted = limit - page.len();
                let ids = match wanted {
                    0 => Vec::new(),
                    _ => store::with_value(tx, &field, &value, true, skipped, wanted)?,
                };
                Ok::<_, StoreError>((ids, store::public_count(tx, &field, &value)?))
            })?;
            // One that became private a moment ago is left out.
            page.extend(
                ids.into_iter()
                    .filter_map(|id| slice.repos.readable_by_id(&caller, id).ok()),
            );
            Ok((page, public + private.len() as u64))
        })
        .await
    }

    fn private(&self, caller: &Caller, field: &str, value: &str) -> Result<Vec<ReadRepo>, StoreError> {
        if caller.account().is_none() {
            return Ok(Vec::new());
        }
        let ids = self
            .store
            .read(|tx| store::with_value(tx, field, value, false, 0, usize::MAX))?;
        Ok(ids
            .into_iter()
            .filter_map(|id| self.repos.readable_by_id(caller, id).ok())
            .collect())
    }

    /// Which fields the cards of public repositories use, and the most frequent values of each; or of one field only.
    pub fn usage(&self, field: Option<&str>, values: usize) -> Result<Vec<FieldUse>, StoreError> {
        self.store.read(|tx| {
            let fields = match field.map(|field| fields::canonical(field.trim())) {
                None => store::most_used(tx, "", MOST_FIELDS)?
                    .into_iter()
                    .map(|field| (field.shown, field.count))
                    .collect(),
                Some(field) => vec![(field.to_owned(), store::public_count(tx, field, "")?)],
            };
            let told = fields.into_iter().map(|(field, repositories)| {
                let values = store::most_used(tx, &field, values)?;
                let values = values.into_iter().map(|value| (value.shown, value.count)).collect();
                Ok(FieldUse {
                    field,
                    repositories,
                    values,
                })
            });
            told.collect()
        })
    }
}
