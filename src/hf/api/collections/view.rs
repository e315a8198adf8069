use crate::base::{CollectionId, Timestamp};
use crate::hf::api::asked::HfKind;
use crate::repos::{ReadRepo, Visibility};
use crate::social::CollectionItem;
use serde::Serialize;
use utoipa::ToSchema;

/// What is said of an item.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HfNoteView {
    /// The text.
    pub(super) text: String,
}

/// A repository in a collection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfCollectionItemView {
    /// Its id in the collection.
    #[serde(rename = "_id")]
    pub(super) item_id: String,
    /// `owner/name`.
    pub(super) id: String,
    /// What it is for.
    pub(super) r#type: HfKind,
    /// Its place.
    pub(super) position: usize,
    /// What is said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<HfNoteView>,
    /// The account that owns it.
    pub(super) author: String,
    /// Whether only some may see it.
    pub(super) private: bool,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub(super) last_modified: Timestamp,
}

impl HfCollectionItemView {
    pub(super) fn new(position: usize, item: CollectionItem, proof: &ReadRepo) -> Self {
        let repository = proof.repository();
        Self {
            item_id: format!("{:024x}", item.number),
            id: format!("{}/{}", proof.owner().name, repository.name),
            r#type: HfKind::of_family(repository.kind.family()),
            position,
            note: item.note.map(|text| HfNoteView { text }),
            author: proof.owner().name.to_string(),
            private: repository.visibility == Visibility::Private,
            last_modified: repository.updated_at,
        }
    }
}

/// The account that made a collection, or the organization that has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HfCollectorView {
    /// Its name.
    pub(super) name: String,
    /// `user` or `org`.
    pub(super) r#type: &'static str,
}

/// A collection (§6 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfCollectionView {
    /// `owner/title-id`; whatever stands before the id, it is this collection.
    pub(super) slug: String,
    /// Its title.
    pub(super) title: String,
    /// A short sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    /// Who made it.
    pub(super) owner: HfCollectorView,
    /// What is in it, as far as the caller may see it.
    pub(super) items: Vec<HfCollectionItemView>,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub(super) last_updated: Timestamp,
    /// Its place among those of its owner; not told in lists, where clients count for themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<u64>,
    /// Whether only its owner sees it; of an organization its members.
    pub(super) private: bool,
    /// Whether the caller may change it.
    pub(super) can_write: bool,
    /// A word for its colour.
    pub(super) theme: String,
    /// Nobody votes for collections here.
    pub(super) upvotes: u64,
}

pub(super) fn slug(owner: &str, title: &str, id: CollectionId) -> String {
    let words = title.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let id = id.to_string().replace('-', "");
    let title = if words.is_empty() {
        "collection".to_owned()
    } else {
        words.join("-")
    };
    format!("{owner}/{title}-{id}")
}
