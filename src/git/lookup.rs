//! Looking for objects while packs are being merged.
//!
//! gix can miss an object that was here all the time, in two ways:
//!
//! - A look at the disk is no single step: the names of the packs are listed, then each is opened. If packs are merged in
//!   between, the old ones are gone and the new one was not in the list. So a miss is believed only when no pack was
//!   removed since the list was made; otherwise the folder is opened anew. [`super::Git::forget`] counts removals, after
//!   what replaces the packs is in place and before they go.
//! - Handles of one repository share a table of packs. If another thread puts a new pack there just before a handle that
//!   has not seen it asks for news, the handle hears of none (`load_next_index` of gix-odb 0.87 compares the table with
//!   what it is by then). A second look begins with the table as it is, so no miss is believed without one.

use super::error::GitError;
use super::model::ObjectId;
use super::repository::{Repository, open_isolated, to_local};
use gix::hash::Prefix;
use gix::objs::{Data, Find, TagRefIter};
use gix::odb::find::Header;
use std::cell::RefCell;
use std::collections::HashSet;

/// A repository opened anew, as packs were removed.
pub(super) struct Reopened {
    /// Removals that were counted before it was opened.
    forgotten: u64,
    gix: gix::Repository,
}

impl Repository {
    /// Any object, whole; `None` when it is not here.
    pub(super) fn find_object(&self, id: ObjectId) -> Result<Option<gix::Object<'_>>, GitError> {
        let first = self.gix.try_find_object(id.gix());
        if let Ok(Some(object)) = first {
            return Ok(Some(object));
        }
        let again = |gix: &gix::Repository| Ok(gix.try_find_object(id.gix())?.map(gix::Object::detach));
        let found = self.believed(first.map(|_| None), again)?;
        Ok(found.map(|object| object.attach(&self.gix)))
    }

    /// Kind and size of an object; `None` when it is not here.
    pub(super) fn find_header(&self, id: ObjectId) -> Result<Option<Header>, GitError> {
        let look = |gix: &gix::Repository| gix.try_find_header(id.gix());
        self.believed(look(&self.gix), look)
    }

    /// The objects whose ids begin like this.
    pub(super) fn find_by_prefix(&self, prefix: Prefix) -> Result<HashSet<ObjectId>, GitError> {
        let look = |gix: &gix::Repository| {
            let mut found = HashSet::new();
            gix.objects.lookup_prefix(prefix, Some(&mut found))?;
            Ok(Some(found).filter(|found| !found.is_empty()))
        };
        let found = self.believed(look(&self.gix), look)?.unwrap_or_default();
        Ok(found.into_iter().map(ObjectId::from).collect())
    }

    /// What an annotated tag names.
    pub(super) fn tag_target(&self, tag: ObjectId) -> Result<ObjectId, GitError> {
        let object = self.object(tag)?;
        let target = TagRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1).target_id()?;
        Ok(target.into())
    }

    /// What a look found, looking again for as long as packs are removed meanwhile.
    fn believed<T>(
        &self,
        first: Result<Option<T>, gix::Error>,
        look: impl Fn(&gix::Repository) -> Result<Option<T>, gix::Error>,
    ) -> Result<Option<T>, GitError> {
        let (mut found, mut forgotten) = (first, self.forgotten);
        if !matches!(found, Ok(Some(_))) {
            found = look(&self.gix);
        }
        let mut reopened = self.reopened.borrow_mut();
        loop {
            let now = self.git.forgotten();
            if matches!(found, Ok(Some(_))) || now == forgotten {
                return Ok(found?);
            }
            let later = match reopened.take() {
                Some(later) if later.forgotten == now => later,
                _ => Reopened {
                    forgotten: now,
                    gix: to_local(&open_isolated(&self.git.folder(self.id))?),
                },
            };
            found = look(&later.gix);
            forgotten = later.forgotten;
            *reopened = Some(later);
        }
    }
}

/// For what gix walks through by itself.
impl Find for Repository {
    fn try_find<'a>(&self, id: &gix::oid, buffer: &'a mut Vec<u8>) -> Result<Option<Data<'a>>, gix::Error> {
        let buffered = RefCell::new(buffer);
        let look = |gix: &gix::Repository| {
            let mut buffer = buffered.borrow_mut();
            Ok(gix.objects.try_find(id, &mut buffer)?.map(|found| found.kind))
        };
        let found = self.believed(look(&self.gix), look).map_err(gix::Error::from_error)?;
        Ok(found.map(|kind| Data::new(buffered.into_inner(), kind, gix::hash::Kind::Sha1)))
    }
}
