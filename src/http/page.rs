use super::code::Code;
use super::error::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items of a page when the caller names no number.
pub const DEFAULT_LIMIT: usize = 20;
/// The most items of a page.
pub const MAX_LIMIT: usize = 100;
/// The deepest page, which bounds the work of skipping.
const MAX_OFFSET: usize = 100_000;

/// `?page=` (from 1) and `?limit=` (1 to 100, by default 20).
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The page, counted from 1.
    pub page: Option<usize>,
    /// Items per page, 1 to 100; 20 when absent.
    pub limit: Option<usize>,
}

/// A checked page: which items of a list to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRange {
    /// The page, counted from 1.
    pub page: usize,
    /// Items per page.
    pub limit: usize,
}

impl PageRange {
    /// Items before the page.
    pub fn offset(&self) -> usize {
        (self.page - 1) * self.limit
    }
}

impl PageQuery {
    /// Checks the bounds.
    pub fn range(&self) -> ApiResult<PageRange> {
        let (page, limit) = (self.page.unwrap_or(1), self.limit.unwrap_or(DEFAULT_LIMIT));
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ApiError::field(
                Code::BadRequest,
                "limit",
                format!("'limit' lies between 1 and {MAX_LIMIT}."),
            ));
        }
        if page < 1 || (page - 1).saturating_mul(limit) > MAX_OFFSET {
            let message =
                format!("'page' begins at 1 and reaches at most {MAX_OFFSET} items deep; narrow the list instead.");
            return Err(ApiError::field(Code::BadRequest, "page", message));
        }
        Ok(PageRange { page, limit })
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Items in the whole list.
    pub total: u64,
    /// This page, counted from 1.
    pub page: usize,
    /// Items per page.
    pub limit: usize,
}

impl<T> Page<T> {
    /// A page whose items were already cut out of the whole list.
    pub fn new(items: Vec<T>, total: u64, range: PageRange) -> Self {
        Self {
            items,
            total,
            page: range.page,
            limit: range.limit,
        }
    }

    /// Cuts the page out of a list that is small enough to be held.
    pub fn cut(all: Vec<T>, range: PageRange) -> Self {
        let total = all.len() as u64;
        let items = all.into_iter().skip(range.offset()).take(range.limit).collect();
        Self::new(items, total, range)
    }

    /// Turns the items into their view.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(view).collect(),
            total: self.total,
            page: self.page,
            limit: self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_begin_at_one_and_have_bounds() {
        let range = |page, limit| PageQuery { page, limit }.range();
        assert_eq!(range(None, None).unwrap(), PageRange { page: 1, limit: 20 });
        assert_eq!(range(Some(3), Some(10)).unwrap().offset(), 20);
        for (page, limit) in [
            (Some(0), None),
            (None, Some(0)),
            (None, Some(101)),
            (Some(usize::MAX), Some(100)),
        ] {
            assert_eq!(range(page, limit).unwrap_err().code(), Code::BadRequest);
        }
    }
}
