use crate::base::{AccountName, RepositoryKind, Timestamp, blocking};
use crate::cards::templates::{BUILT_IN, BuiltInTemplate, TemplateLanguage, variables};
use crate::cards::{CardTemplate, Cards, CardsError, NewTemplate};
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::users::{Caller, Scope, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A card template.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateView {
    /// `model-zh` for one that comes with the hub, `author/name` for one that somebody made.
    id: String,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Kind of repository that it is for.
    #[schema(value_type = String)]
    repo_type: RepositoryKind,
    /// `zh` or `en`.
    #[schema(value_type = String)]
    language: TemplateLanguage,
    /// It comes with the hub.
    is_built_in: bool,
    /// The account that made it.
    author: Option<String>,
    /// When it was made or last replaced.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// Names of its variables, in order.
    variables: Vec<String>,
    /// The README with variables such as `{{title}}`.
    content: String,
}

fn names(content: &str) -> Vec<String> {
    variables(content).into_iter().map(str::to_owned).collect()
}

impl From<&BuiltInTemplate> for TemplateView {
    fn from(template: &BuiltInTemplate) -> Self {
        Self {
            id: template.id.to_owned(),
            name: template.id.to_owned(),
            description: String::new(),
            repo_type: template.kind,
            language: template.language,
            is_built_in: true,
            author: None,
            updated_at: None,
            variables: names(template.content),
            content: template.content.to_owned(),
        }
    }
}

impl TemplateView {
    fn of(template: CardTemplate, author: Option<String>) -> Self {
        let prefix = author.as_deref().unwrap_or("-");
        Self {
            id: format!("{prefix}/{}", template.name),
            name: template.name,
            description: template.description,
            repo_type: template.kind,
            language: template.language,
            is_built_in: false,
            author,
            updated_at: Some(template.updated_at),
            variables: names(&template.content),
            content: template.content,
        }
    }
}

/// Which templates to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TemplateFilter {
    /// Only for this kind of repository.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// Only in this language, `zh` or `en`.
    #[param(inline, value_type = Option<String>)]
    language: Option<TemplateLanguage>,
}

impl TemplateFilter {
    fn passes(&self, kind: RepositoryKind, language: TemplateLanguage) -> bool {
        self.repo_type.is_none_or(|wanted| wanted == kind) && self.language.is_none_or(|wanted| wanted == language)
    }
}

/// Card templates: those that come with the hub, then those that people made.
#[utoipa::path(tag = "metadata", params(TemplateFilter, PageQuery),
    responses((status = 200, body = Page<TemplateView>), (status = 400)))]
#[get("/api/metadata/templates")]
pub(super) async fn list_card_templates(
    filter: Query<TemplateFilter>,
    page: Query<PageQuery>,
    cards: Data<Cards>,
    users: Data<Users>,
) -> ApiResult<Json<Page<TemplateView>>> {
    let (range, filter) = (page.0.range()?, filter.0);
    blocking(move || {
        let passing = BUILT_IN.iter().filter(|own| filter.passes(own.kind, own.language));
        let built_in: Vec<&BuiltInTemplate> = passing.collect();
        let own = built_in.iter().skip(range.offset()).take(range.limit);
        let mut items: Vec<TemplateView> = own.map(|template| TemplateView::from(*template)).collect();
        let before = range.offset().saturating_sub(built_in.len());
        let passes = |template: &CardTemplate| filter.passes(template.kind, template.language);
        let (offered, total) = cards.templates(passes, before, range.limit - items.len())?;
        for template in offered {
            let author = users.find(template.author)?.map(|account| account.name.to_string());
            items.push(TemplateView::of(template, author));
        }
        Ok(Json(Page::new(items, built_in.len() as u64 + total, range)))
    })
    .await
}

/// A template to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTemplate {
    /// Its name; one of the same name by the same author is replaced.
    name: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    description: String,
    /// Kind of repository that it is for.
    #[schema(value_type = String)]
    repo_type: RepositoryKind,
    /// `zh` or `en`.
    #[schema(value_type = String)]
    language: TemplateLanguage,
    /// The README with variables such as `{{title}}`, at most 64 KiB.
    content: String,
}

/// Makes a card template that everybody can use.
#[utoipa::path(tag = "metadata", request_body = CreateTemplate, security(("bearer" = [])),
    responses((status = 201, body = TemplateView), (status = 401), (status = 403), (status = 422)))]
#[post("/api/metadata/templates")]
pub(super) async fn create_card_template(
    caller: Caller,
    info: RequestInfo,
    body: Json<CreateTemplate>,
    cards: Data<Cards>,
) -> ApiResult<HttpResponse> {
    let CreateTemplate {
        name,
        description,
        repo_type: kind,
        language,
        content,
    } = body.0;
    let new = NewTemplate {
        name,
        description,
        kind,
        language,
        content,
    };
    let template = cards.offer_template(&caller, new, caller.origin(&info)).await?;
    let author = caller.account().map(|account| account.name.to_string());
    Ok(HttpResponse::Created().json(TemplateView::of(template, author)))
}

/// Removes a card template, for its author or an administrator.
#[utoipa::path(tag = "metadata", security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/metadata/templates/{username}/{name}")]
pub(super) async fn delete_card_template(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    cards: Data<Cards>,
    users: Data<Users>,
) -> ApiResult<HttpResponse> {
    caller.require_account()?;
    let (author, name) = path.0;
    let missing = || CardsError::NoTemplate(format!("{author}/{name}"));
    let author: AccountName = author.parse().map_err(|_| missing())?;
    let proof = caller.require_self_or_admin(users.get(&author)?, Scope::Write)?;
    cards.remove_template(&proof, name, caller.origin(&info)).await?;
    Ok(HttpResponse::NoContent().finish())
}
