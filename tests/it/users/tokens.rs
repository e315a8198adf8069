use super::support::Bench;
use geoml_hub::base::{RepositoryId, Timestamp, TokenId};
use geoml_hub::events::Origin;
use geoml_hub::users::{Caller, NewAccessToken, Scope, UsersError};
use std::time::Duration;

fn new_token(scope: Scope) -> NewAccessToken {
    NewAccessToken {
        name: "laptop".to_owned(),
        scope,
        expires_at: None,
        repositories: None,
    }
}

async fn make(bench: &Bench, owner: &Caller, new: NewAccessToken) -> (TokenId, String) {
    let (token, secret) = bench.users.create_token(owner, new, Origin::system()).await.unwrap();
    (token.id, secret.reveal().to_owned())
}

#[tokio::test]
async fn a_token_allows_what_its_scope_says() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    for scope in [Scope::Read, Scope::Write, Scope::Admin] {
        bench.clock.advance(Duration::from_secs(1));
        let (_, secret) = make(&bench, &ana, new_token(scope)).await;
        let caller = bench.users.authenticate(&secret).unwrap();
        assert_eq!(caller.user_id(), ana.user_id());
        for needed in [Scope::Read, Scope::Write, Scope::Admin] {
            assert_eq!(caller.require_scope(needed).is_ok(), needed <= scope);
        }
        // The first account administers the hub, but only a token of scope admin carries that.
        assert_eq!(caller.is_admin(), scope == Scope::Admin);
        assert_eq!(caller.require_admin().is_ok(), scope == Scope::Admin);
        assert_eq!(bench.users.list_tokens(&caller).is_ok(), scope == Scope::Admin);
    }
    let tokens = bench.users.list_tokens(&ana).unwrap();
    assert_eq!(tokens.len(), 3);
    assert_eq!(tokens[0].scope, Scope::Admin, "the newest comes first");
}

#[tokio::test]
async fn a_token_limited_to_repositories_works_on_nothing_else() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let (mine, other) = (RepositoryId::new(&bench.clock), RepositoryId::new(&bench.clock));
    let new = NewAccessToken {
        repositories: Some(vec![mine]),
        ..new_token(Scope::Admin)
    };
    let (_, secret) = make(&bench, &ana, new).await;
    let caller = bench.users.authenticate(&secret).unwrap();
    assert!(caller.allows_repository(mine));
    assert!(!caller.allows_repository(other));
    assert!(ana.allows_repository(other));
    assert!(!caller.is_admin());
    assert!(caller.require_scope(Scope::Admin).is_ok());
    for refused in [
        caller.require_whole_account(Scope::Read).map(|_| ()),
        caller.require_admin().map(|_| ()),
        bench.users.list_tokens(&caller).map(|_| ()),
        caller
            .require_self_or_admin(ana.account().unwrap().clone(), Scope::Read)
            .map(|_| ()),
    ] {
        assert!(matches!(refused, Err(UsersError::RepositoryTokenRefused)));
    }
}

#[tokio::test]
async fn a_token_makes_no_other_token_but_may_delete_itself() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let ben = bench.caller("ben").await;
    let (id, secret) = make(&bench, &ana, new_token(Scope::Read)).await;
    let (admin_id, admin_secret) = make(&bench, &ana, new_token(Scope::Admin)).await;
    let (reader, admin) = (
        bench.users.authenticate(&secret).unwrap(),
        bench.users.authenticate(&admin_secret).unwrap(),
    );
    let made = bench
        .users
        .create_token(&admin, new_token(Scope::Read), Origin::system())
        .await;
    assert!(matches!(made, Err(UsersError::SessionRequired)));
    let delete = |caller: &Caller, id| {
        let caller = caller.clone();
        let users = bench.users.clone();
        async move { users.delete_token(&caller, id, Origin::system()).await }
    };
    assert!(matches!(delete(&ben, id).await, Err(UsersError::UnknownToken)));
    assert!(matches!(
        delete(&reader, admin_id).await,
        Err(UsersError::ScopeTooSmall { .. })
    ));
    delete(&reader, id).await.unwrap();
    assert!(bench.users.authenticate(&secret).is_err());
    delete(&admin, admin_id).await.unwrap();
    assert!(matches!(delete(&ana, id).await, Err(UsersError::UnknownToken)));
    assert_eq!(bench.events()[..2], ["token.deleted", "token.deleted"]);
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let end = bench.clock.now().plus(Duration::from_mins(5));
    let new = NewAccessToken {
        expires_at: Some(end),
        ..new_token(Scope::Read)
    };
    let (_, secret) = make(&bench, &ana, new).await;
    assert!(bench.users.authenticate(&secret).is_ok());
    bench.clock.advance(Duration::from_mins(5));
    assert!(bench.users.authenticate(&secret).is_err());
    let past = NewAccessToken {
        expires_at: Some(Timestamp::from_seconds(1)),
        ..new_token(Scope::Read)
    };
    let refused = bench.users.create_token(&ana, past, Origin::system()).await;
    assert!(matches!(
        refused,
        Err(UsersError::Invalid {
            field: "expires_at",
            ..
        })
    ));
}

#[tokio::test]
async fn the_last_use_is_known_at_once_and_kept_when_it_is_flushed() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let (id, secret) = make(&bench, &ana, new_token(Scope::Read)).await;
    assert_eq!(bench.users.last_use(id).unwrap(), None);
    bench.users.authenticate(&secret).unwrap();
    assert_eq!(bench.users.last_use(id).unwrap(), Some(bench.clock.now()));
    assert_eq!(bench.users.flush_token_uses().await.unwrap(), 1);
    assert_eq!(bench.restarted().last_use(id).unwrap(), Some(bench.clock.now()));
    // A use that is written after its token was deleted leaves nothing behind.
    bench.users.authenticate(&secret).unwrap();
    bench.users.delete_token(&ana, id, Origin::system()).await.unwrap();
    bench.users.flush_token_uses().await.unwrap();
}

#[tokio::test]
async fn a_token_needs_a_name_and_an_account_has_so_many() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let nameless = NewAccessToken {
        name: "  ".to_owned(),
        ..new_token(Scope::Read)
    };
    let refused = bench.users.create_token(&ana, nameless, Origin::system()).await;
    assert!(matches!(refused, Err(UsersError::Invalid { field: "name", .. })));
    let nowhere = NewAccessToken {
        repositories: Some(Vec::new()),
        ..new_token(Scope::Read)
    };
    let refused = bench.users.create_token(&ana, nowhere, Origin::system()).await;
    assert!(matches!(
        refused,
        Err(UsersError::Invalid {
            field: "repositories",
            ..
        })
    ));
    for _ in 0..100 {
        make(&bench, &ana, new_token(Scope::Read)).await;
    }
    let refused = bench
        .users
        .create_token(&ana, new_token(Scope::Read), Origin::system())
        .await;
    assert!(matches!(refused, Err(UsersError::TooManyTokens(100))));
}
