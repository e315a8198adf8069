use super::view::UserView;
use crate::base::{AccountName, Timestamp};
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::users::{Account, Caller, MemberRole, Membership, NewOrganization, Profile, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_organization)
        .service(show_organization)
        .service(list_organizations_of_user)
        .service(list_members)
        .service(set_member)
        .service(remove_member);
}

/// What a new organization needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateOrganization {
    /// Letters, digits, `.`, `_` and `-`; unique among accounts without regard to case.
    name: String,
    /// The name that people use.
    full_name: Option<String>,
    /// A text about the organization.
    bio: Option<String>,
    /// An address with `http` or `https`.
    website: Option<String>,
    /// Where it is.
    location: Option<String>,
    /// Whether repositories made in its namespace are private where nobody says otherwise.
    #[serde(default)]
    private_by_default: bool,
}

impl From<CreateOrganization> for NewOrganization {
    fn from(body: CreateOrganization) -> Self {
        Self {
            name: body.name,
            profile: Profile {
                full_name: body.full_name,
                bio: body.bio,
                website: body.website,
                location: body.location,
            },
            private_by_default: body.private_by_default,
        }
    }
}

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
struct OrganizationView {
    #[serde(flatten)]
    account: UserView,
    /// How many members it has.
    member_count: u64,
    /// What the caller may do there; null for those who are no members.
    #[schema(value_type = Option<String>)]
    your_role: Option<MemberRole>,
}

impl OrganizationView {
    fn new(users: &Users, organization: &Account, caller: &Caller, your_role: Option<MemberRole>) -> ApiResult<Self> {
        Ok(Self {
            account: UserView::new(users, organization, caller),
            member_count: users.member_count(organization)?,
            your_role,
        })
    }
}

/// A part in an organization.
#[derive(Debug, Serialize, ToSchema)]
struct MembershipView {
    /// The organization, or the member, whichever was not asked for.
    account: UserView,
    /// What the member may do: `read` what is private, make repositories and do everything with those (`contributor`) or
    /// with all (`write`), choose the members as well (`admin`).
    #[schema(value_type = String)]
    role: MemberRole,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl MembershipView {
    fn new(account: &Account, row: Membership) -> Self {
        Self {
            account: UserView::public(account),
            role: row.role,
            since: row.since,
        }
    }
}

/// Makes an organization, which the caller administers.
#[utoipa::path(tag = "organizations", request_body = CreateOrganization, security(("bearer" = [])),
    responses((status = 201, body = OrganizationView), (status = 401), (status = 403), (status = 409), (status = 422)))]
#[post("/api/v1/organizations")]
async fn create_organization(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    body: Json<CreateOrganization>,
) -> ApiResult<HttpResponse> {
    let origin = caller.origin(&request);
    let organization = users.create_organization(&caller, body.0.into(), origin).await?;
    let view = OrganizationView::new(&users, &organization, &caller, Some(MemberRole::Admin))?;
    Ok(HttpResponse::Created().json(view))
}

/// An organization. Its profile is changed, and its picture set, at the addresses of accounts.
#[utoipa::path(tag = "organizations", params(("organization" = String, Path, description = "its name")),
    responses((status = 200, body = OrganizationView), (status = 404)))]
#[get("/api/v1/organizations/{organization}")]
async fn show_organization(
    users: Data<Users>,
    caller: Caller,
    name: Path<AccountName>,
) -> ApiResult<Json<OrganizationView>> {
    let organization = users.organization(&name.0)?;
    let role = caller.role_in(organization.id);
    OrganizationView::new(&users, &organization, &caller, role).map(Json)
}

/// The organizations of an account.
#[utoipa::path(tag = "organizations", params(("username" = String, Path, description = "the account"), PageQuery),
    responses((status = 200, body = Page<MembershipView>), (status = 404)))]
#[get("/api/v1/users/{username}/organizations")]
async fn list_organizations_of_user(
    users: Data<Users>,
    username: Path<AccountName>,
    page: Query<PageQuery>,
) -> ApiResult<Json<Page<MembershipView>>> {
    let account = users.get(&username.0)?;
    let page = Page::cut(users.organizations_of(account.id)?, page.0.range()?);
    Ok(Json(
        page.map(|(organization, row)| MembershipView::new(&organization, row)),
    ))
}

/// The members of an organization.
#[utoipa::path(tag = "organizations", params(("organization" = String, Path, description = "its name"), PageQuery),
    responses((status = 200, body = Page<MembershipView>), (status = 404)))]
#[get("/api/v1/organizations/{organization}/members")]
async fn list_members(
    users: Data<Users>,
    name: Path<AccountName>,
    page: Query<PageQuery>,
) -> ApiResult<Json<Page<MembershipView>>> {
    let range = page.0.range()?;
    let organization = users.organization(&name.0)?;
    let cut = Page::cut(users.members(&organization)?, range);
    let mut items = Vec::with_capacity(cut.items.len());
    for (account, row) in cut.items {
        items.extend(users.find(account)?.map(|account| MembershipView::new(&account, row)));
    }
    Ok(Json(Page::new(items, cut.total, range)))
}

/// What a member may do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetMember {
    /// `read`, `contributor`, `write` or `admin`.
    #[schema(value_type = String)]
    role: MemberRole,
}

/// Makes a user a member, or gives it another role; for those who administer the organization.
#[utoipa::path(tag = "organizations", request_body = SetMember, security(("bearer" = [])),
    params(("organization" = String, Path, description = "its name"), ("member" = String, Path, description = "the user")),
    responses((status = 200, body = MembershipView), (status = 201, body = MembershipView), (status = 401), (status = 403),
        (status = 404), (status = 409), (status = 422)))]
#[put("/api/v1/organizations/{organization}/members/{member}")]
async fn set_member(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    path: Path<(AccountName, String)>,
    body: Json<SetMember>,
) -> ApiResult<HttpResponse> {
    let Path((name, username)) = path;
    let proof = users.organization_admin(&caller, users.organization(&name)?)?;
    let unknown = || ApiError::field(Code::Invalid, "username", format!("There is no account '{username}'."));
    let name: AccountName = username.parse().map_err(|_| unknown())?;
    let account = users.get(&name).map_err(|_| unknown())?;
    let (row, new) = users
        .set_member(&proof, &account, body.role, caller.origin(&request))
        .await?;
    let view = MembershipView::new(&account, row);
    Ok(if new {
        HttpResponse::Created().json(view)
    } else {
        HttpResponse::Ok().json(view)
    })
}

/// Ends the part of a user in an organization. Members may end their own.
#[utoipa::path(tag = "organizations", security(("bearer" = [])),
    params(("organization" = String, Path, description = "its name"), ("member" = String, Path, description = "the user")),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[delete("/api/v1/organizations/{organization}/members/{member}")]
async fn remove_member(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    path: Path<(AccountName, AccountName)>,
) -> ApiResult<HttpResponse> {
    caller.require_account()?;
    let Path((name, username)) = path;
    let organization = users.organization(&name)?;
    let account = users.get(&username)?;
    let origin = caller.origin(&request);
    users.remove_member(&caller, organization, account.id, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
