//! Annotated tags.

use super::commit::actor;
use super::error::GitError;
use super::model::{ObjectId, Signature};
use super::objects::signature;
use super::pack::{PackWriter, object_id};
use super::references::tag_reference;
use super::repository::Repository;
use gix::objs::{Kind, TagRef, WriteTo};

/// What an annotated tag says beside its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Who made it; old tags do not say.
    pub tagger: Option<Signature>,
    /// The whole message.
    pub message: String,
}

impl Repository {
    /// Writes the object of an annotated tag, durably; no reference names it yet. Answers it and its size in bytes.
    pub fn write_tag(
        &self,
        name: &str,
        commit: ObjectId,
        tagger: &Signature,
        message: &str,
    ) -> Result<(ObjectId, u64), GitError> {
        tag_reference(name)?;
        if message.contains('\0') {
            return Err(GitError::BadMessage);
        }
        let tag = gix::objs::Tag {
            target: commit.gix(),
            target_kind: Kind::Commit,
            name: name.into(),
            tagger: Some(actor(tagger)),
            message: format!("{}\n", message.trim_end()).into(),
            signature: None,
        };
        let mut bytes = Vec::new();
        tag.write_to(&mut bytes)?;
        let id = object_id(Kind::Tag, &bytes)?;
        let mut pack = PackWriter::new(self.folder().join("objects/pack"))?;
        pack.add(Kind::Tag, id, &bytes)?;
        pack.finish()?;
        self.git.pack_added(self.id);
        Ok((id, bytes.len() as u64))
    }

    /// What a tag says, if it is an annotated one.
    pub fn annotation(&self, name: &str) -> Result<Option<Annotation>, GitError> {
        let Some(id) = self.reference_target(&tag_reference(name)?)? else {
            return Ok(None);
        };
        if self.header(id)?.kind() != Kind::Tag {
            return Ok(None);
        }
        let object = self.object(id)?;
        let tag = TagRef::from_bytes(&object.data, gix::hash::Kind::Sha1)?;
        Ok(Some(Annotation {
            tagger: tag.tagger()?.map(|tagger| signature(&tagger)),
            message: String::from_utf8_lossy(tag.message).into_owned(),
        }))
    }
}
