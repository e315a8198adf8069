mod view;

use self::view::{HfCollectionItemView, HfCollectionView, HfCollectorView, slug};
use super::asked::{Client, HfKind, values};
use super::refusal::HfError;
use crate::base::{AccountName, CollectionId, blocking};
use crate::hf::HfParts;
use crate::http::{Json, Path, Query};
use crate::repos::ReadRepo;
use crate::social::{
    Collection, CollectionChange, CollectionFilter, ItemChange, NewCollection, OwnCollection, SocialError,
};
use crate::users::Account;
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Collections of a page.
const PAGE: usize = 100;
/// Items that are told of each collection of a list.
const LISTED_ITEMS: usize = 4;
/// Digits of the id at the end of a slug.
const ID_DIGITS: usize = 32;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_list_collections)
        .service(hf_create_collection)
        .service(hf_show_collection)
        .service(hf_change_collection)
        .service(hf_delete_collection)
        .service(hf_add_collection_item)
        .service(hf_change_collection_item)
        .service(hf_delete_collection_item);
}

/// The id at the end of a slug, whatever title stands before it.
fn id_of(slug: &str) -> Result<CollectionId, HfError> {
    let start = slug.len().checked_sub(ID_DIGITS);
    let digits = start.and_then(|start| slug.get(start..));
    let id = digits.and_then(|digits| digits.parse().ok());
    id.ok_or_else(|| HfError::other(SocialError::NoCollection))
}

impl HfParts {
    /// Who is to own a new collection: whom the caller names, or the caller.
    fn collector(&self, client: &Client, namespace: Option<&str>) -> Result<Option<Account>, HfError> {
        let Some(name) = namespace else {
            return Ok(client.caller.account().cloned());
        };
        // A name that nobody has is refused like that of somebody else.
        let found = name
            .parse::<AccountName>()
            .ok()
            .and_then(|name| self.users.get(&name).ok());
        match (found, client.caller.account()) {
            (None, Some(_)) => Err(HfError::other(SocialError::NotYours)),
            (found, _) => Ok(found),
        }
    }

    async fn collection_view(&self, client: &Client, collection: Collection) -> Result<HfCollectionView, HfError> {
        let (parts, client) = (self.clone(), client.clone());
        blocking(move || parts.collection_view_now(&client, collection, usize::MAX)).await
    }

    fn collection_view_now(
        &self,
        client: &Client,
        collection: Collection,
        most: usize,
    ) -> Result<HfCollectionView, HfError> {
        let owner = self.users.find(collection.owner)?;
        let owner = owner.ok_or_else(|| HfError::other(SocialError::NoCollection))?;
        let can_write = self.social.may_change(&client.caller, &collection);
        let items = self.social.visible_items(&client.caller, &collection, most);
        let items = items.into_iter();
        Ok(HfCollectionView {
            slug: slug(owner.name.as_str(), &collection.title, collection.id),
            owner: HfCollectorView {
                name: owner.name.to_string(),
                r#type: if owner.is_organization() { "org" } else { "user" },
            },
            items: items
                .map(|(place, item, proof)| HfCollectionItemView::new(place, item, &proof))
                .collect(),
            title: collection.title,
            description: collection.description,
            last_updated: collection.updated_at,
            position: Some(collection.position),
            private: collection.private,
            can_write,
            theme: collection.theme,
            upvotes: 0,
        })
    }

    /// The collection of an address, of which the owner is looked at, too.
    fn collection_at(&self, client: &Client, path: &CollectionPath) -> Result<Collection, HfError> {
        let collection = self.social.collection(&client.caller, id_of(&path.slug)?);
        let collection = collection.map_err(HfError::other)?;
        let owner = self.users.find(collection.owner)?;
        let is_owner = owner.is_some_and(|owner| owner.name.key() == path.owner.to_lowercase());
        let found = is_owner.then_some(collection);
        found.ok_or_else(|| HfError::other(SocialError::NoCollection))
    }

    fn own_collection_at(&self, client: &Client, path: &CollectionPath) -> Result<OwnCollection, HfError> {
        let id = self.collection_at(client, path)?.id;
        self.social.own_collection(&client.caller, id).map_err(HfError::other)
    }

    /// The repository that an item names.
    fn item_named(&self, client: &Client, kind: HfKind, id: &str) -> Result<ReadRepo, HfError> {
        let (owner, name) = id.split_once('/').ok_or_else(|| client.not_found())?;
        client.readable(&self.repos, kind, owner, name)
    }

    fn collection_filter(&self, client: &Client, pairs: &[(String, String)]) -> Option<CollectionFilter> {
        let last = |name| values(pairs, name).last();
        if let Some(item) = last("item") {
            let (family, id) = item.split_once('/').unwrap_or_default();
            let found = self.item_named(client, HfKind::of_segment(family), id);
            return found.ok().map(|proof| CollectionFilter::With(proof.id()));
        }
        let Some(owner) = last("owner") else {
            return Some(CollectionFilter::All);
        };
        let account = owner.parse::<AccountName>().ok();
        let account = account.and_then(|name| self.users.get(&name).ok());
        account.map(|account| CollectionFilter::Owner(account.id))
    }
}

/// Lists collections that the caller may see, the newest change first.
#[utoipa::path(tag = "hugging face",
    params(("owner" = Option<String>, Query, description = "only of this account"),
        ("item" = Option<String>, Query, description = "only with this repository, as `models/owner/name`"),
        ("limit" = Option<usize>, Query, description = "the most of a page"),
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200, body = Vec<HfCollectionView>), (status = 401)))]
#[get("/api/collections")]
async fn hf_list_collections(
    client: Client,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let mut pairs = pairs.0;
    let number = |name| values(&pairs, name).last().and_then(|text| text.parse::<usize>().ok());
    let (skip, limit) = (
        number("skip").unwrap_or(0),
        number("limit").unwrap_or(PAGE).clamp(1, PAGE),
    );
    let Some(filter) = parts.collection_filter(&client, &pairs) else {
        return Ok(HttpResponse::Ok().json([(); 0]));
    };
    let asking = client.clone();
    let (views, more) = blocking(move || {
        let found = parts.social.collections(&asking.caller, filter, skip, limit);
        let (found, more) = found.map_err(HfError::other)?;
        let mut views = Vec::with_capacity(found.len());
        for collection in found {
            let view = parts.collection_view_now(&asking, collection, LISTED_ITEMS)?;
            views.push(HfCollectionView { position: None, ..view });
        }
        Ok::<_, HfError>((views, more))
    })
    .await?;
    let mut response = HttpResponse::Ok();
    if more {
        pairs.retain(|(name, _)| name != "skip");
        pairs.push(("skip".to_owned(), (skip + limit).to_string()));
        response.insert_header((LINK, client.next_page("/api/collections", &pairs)));
    }
    Ok(response.json(views))
}

/// A collection to be made.
#[derive(Debug, Deserialize, ToSchema)]
struct HfCreateCollection {
    /// Its title.
    title: String,
    /// The account that is to own it: the caller's own, which it is when nothing is said, or an organization.
    namespace: Option<String>,
    /// A short sentence.
    description: Option<String>,
    /// Whether only its owner sees it.
    #[serde(default)]
    private: bool,
}

/// Makes a collection.
#[utoipa::path(tag = "hugging face", request_body = HfCreateCollection, security(("bearer" = [])),
    responses((status = 200, body = HfCollectionView), (status = 401), (status = 403), (status = 409), (status = 422)))]
#[post("/api/collections")]
async fn hf_create_collection(
    client: Client,
    body: Json<HfCreateCollection>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let body = body.0;
    let owner = parts.collector(&client, body.namespace.as_deref())?;
    let new = NewCollection {
        owner: owner.as_ref().map(|owner| owner.id),
        title: body.title,
        description: body.description,
        private: body.private,
    };
    let made = parts
        .social
        .create_collection(&client.caller, new, client.origin.clone())
        .await;
    match made {
        Ok(collection) => Ok(HttpResponse::Ok().json(parts.collection_view(&client, collection).await?)),
        Err(SocialError::TitleTaken { id, title }) => {
            let slug = slug(owner.as_ref().map_or("", |owner| owner.name.as_str()), &title, id);
            let error = SocialError::TitleTaken { id, title }.to_string();
            Ok(HttpResponse::Conflict().json(serde_json::json!({ "error": error, "slug": slug, "code": "conflict" })))
        }
        Err(error) => Err(HfError::other(error)),
    }
}

#[derive(Debug, Deserialize)]
struct CollectionPath {
    owner: String,
    slug: String,
}

/// A collection.
#[utoipa::path(tag = "hugging face",
    params(("owner" = String, Path, description = "the account"), ("slug" = String, Path, description = "a title and the id")),
    responses((status = 200, body = HfCollectionView), (status = 401), (status = 404)))]
#[get("/api/collections/{owner}/{slug}")]
async fn hf_show_collection(
    client: Client,
    path: Path<CollectionPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let collection = parts.collection_at(&client, &path.0)?;
    Ok(HttpResponse::Ok().json(parts.collection_view(&client, collection).await?))
}

/// What to change of a collection; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
struct HfChangeCollection {
    /// Another title.
    title: Option<String>,
    /// Another sentence.
    description: Option<String>,
    /// Whether only its owner sees it.
    private: Option<bool>,
    /// Another word for its colour.
    theme: Option<String>,
    /// Another place among those of its owner.
    position: Option<u64>,
}

/// Changes what a collection says of itself.
#[utoipa::path(tag = "hugging face", request_body = HfChangeCollection, security(("bearer" = [])),
    params(("owner" = String, Path, description = "the account"), ("slug" = String, Path, description = "a title and the id")),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[patch("/api/collections/{owner}/{slug}")]
async fn hf_change_collection(
    client: Client,
    path: Path<CollectionPath>,
    body: Json<HfChangeCollection>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = parts.own_collection_at(&client, &path.0)?;
    let body = body.0;
    let change = CollectionChange {
        title: body.title,
        description: body.description,
        private: body.private,
        theme: body.theme,
        position: body.position,
    };
    let changed = parts
        .social
        .change_collection(proof, change, client.origin.clone())
        .await;
    let view = parts.collection_view(&client, changed.map_err(HfError::other)?).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "success": true, "data": view })))
}

/// Deletes a collection; the repositories stay.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("owner" = String, Path, description = "the account"), ("slug" = String, Path, description = "a title and the id")),
    responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/collections/{owner}/{slug}")]
async fn hf_delete_collection(
    client: Client,
    path: Path<CollectionPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = parts.own_collection_at(&client, &path.0)?;
    let deleted = parts.social.delete_collection(proof, client.origin).await;
    deleted.map_err(HfError::other)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "success": true })))
}

/// A repository as clients name it in a collection.
#[derive(Debug, Deserialize, ToSchema)]
struct HfNamedItem {
    /// `owner/name`.
    id: String,
    /// What it is for.
    r#type: HfKind,
}

/// An item to be added.
#[derive(Debug, Deserialize, ToSchema)]
struct HfAddItem {
    /// The repository.
    item: HfNamedItem,
    /// What is said of it.
    note: Option<String>,
}

/// Adds a repository that the caller may see to a collection.
#[utoipa::path(tag = "hugging face", request_body = HfAddItem, security(("bearer" = [])),
    params(("owner" = String, Path, description = "the account"), ("slug" = String, Path, description = "a title and the id")),
    responses((status = 200, body = HfCollectionView), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/collections/{owner}/{slug}/items")]
async fn hf_add_collection_item(
    client: Client,
    path: Path<CollectionPath>,
    body: Json<HfAddItem>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = parts.own_collection_at(&client, &path.0)?;
    let HfAddItem { item, note } = body.0;
    let repository = parts.item_named(&client, item.r#type, &item.id)?;
    change_items(&client, &parts, proof, ItemChange::Add(repository.id(), note)).await
}

async fn change_items(
    client: &Client,
    parts: &HfParts,
    proof: OwnCollection,
    change: ItemChange,
) -> Result<HttpResponse, HfError> {
    let changed = parts.social.change_items(proof, change, client.origin.clone()).await;
    let view = parts.collection_view(client, changed.map_err(HfError::other)?).await?;
    Ok(HttpResponse::Ok().json(view))
}

#[derive(Debug, Deserialize)]
struct ItemPath {
    item: String,
}

impl ItemPath {
    fn number(&self) -> Result<u64, HfError> {
        u64::from_str_radix(&self.item, 16).map_err(|_| HfError::other(SocialError::NoItem))
    }
}

/// What to change of an item; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
struct HfChangeItem {
    /// What is said of it.
    note: Option<String>,
    /// Its place.
    position: Option<usize>,
}

/// Says something else of an item of a collection, or moves it.
#[utoipa::path(tag = "hugging face", request_body = HfChangeItem, security(("bearer" = [])),
    params(("owner" = String, Path, description = "the account"), ("slug" = String, Path, description = "a title and the id"),
        ("item" = String, Path, description = "the id of the item")),
    responses((status = 200, body = HfCollectionView), (status = 401), (status = 403), (status = 404)))]
#[patch("/api/collections/{owner}/{slug}/items/{item}")]
async fn hf_change_collection_item(
    client: Client,
    path: Path<CollectionPath>,
    item: Path<ItemPath>,
    body: Json<HfChangeItem>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = parts.own_collection_at(&client, &path.0)?;
    let change = ItemChange::Change(item.0.number()?, body.0.note, body.0.position);
    change_items(&client, &parts, proof, change).await
}

/// Takes an item out of a collection.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("owner" = String, Path, description = "the account"), ("slug" = String, Path, description = "a title and the id"),
        ("item" = String, Path, description = "the id of the item")),
    responses((status = 200, body = HfCollectionView), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/collections/{owner}/{slug}/items/{item}")]
async fn hf_delete_collection_item(
    client: Client,
    path: Path<CollectionPath>,
    item: Path<ItemPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = parts.own_collection_at(&client, &path.0)?;
    change_items(&client, &parts, proof, ItemChange::Remove(item.0.number()?)).await
}
