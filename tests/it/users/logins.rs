use super::support::{Bench, from};
use geoml_hub::config::Size;
use geoml_hub::events::Origin;
use geoml_hub::users::{AccountChange, Caller, Password, Scope, UsersError};
use std::time::Duration;

#[tokio::test]
async fn a_login_takes_the_name_or_the_address_in_any_case() {
    let bench = Bench::new();
    bench.register("Ana").await;
    for login in ["Ana", "aNA", "ana@example.org", "ANA@EXAMPLE.ORG", " ana "] {
        let grant = bench.log_in(login).await;
        assert_eq!(grant.account.name.as_str(), "Ana");
        assert_eq!(grant.expires_in, Duration::from_hours(1));
        let caller = bench.users.authenticate(grant.access_token.reveal()).unwrap();
        assert_eq!(caller.user_id(), Some(grant.account.id));
        assert_eq!(caller.scope(), Scope::Admin);
    }
    for login in ["ben", "ben@example.org", "", "a/b", &"x".repeat(10_000)] {
        let refused = bench.log_in_from(login, "correct horse", "10.0.0.9").await;
        assert!(matches!(refused, Err(UsersError::WrongLogin)), "{login}");
    }
    let refused = bench.log_in_from("ana", "Correct horse", "10.0.0.9").await;
    assert!(matches!(refused, Err(UsersError::WrongLogin)));
}

#[tokio::test]
async fn an_access_token_ends_after_an_hour_and_a_refresh_token_after_seven_days() {
    let bench = Bench::new();
    bench.register("ana").await;
    let grant = bench.log_in("ana").await;
    bench.clock.advance(Duration::from_secs(3_599));
    assert!(bench.users.authenticate(grant.access_token.reveal()).is_ok());
    bench.clock.advance(Duration::from_secs(1));
    assert!(bench.users.authenticate(grant.access_token.reveal()).is_err());

    let grant = bench
        .users
        .refresh(grant.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    assert!(bench.users.authenticate(grant.access_token.reveal()).is_ok());
    bench.clock.advance(Duration::from_hours(24 * 7));
    let late = bench
        .users
        .refresh(grant.refresh_token.reveal(), from("10.0.0.1"))
        .await;
    assert!(matches!(late, Err(UsersError::RefreshRefused)));
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_login() {
    let bench = Bench::new();
    bench.register("ana").await;
    let other = bench.log_in("ana").await;
    let first = bench.log_in("ana").await;
    let second = bench
        .users
        .refresh(first.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    bench.clock.advance(Duration::from_secs(11));
    let reused = bench
        .users
        .refresh(first.refresh_token.reveal(), from("10.6.6.6"))
        .await;
    assert!(matches!(reused, Err(UsersError::RefreshRefused)));
    assert_eq!(bench.events()[0], "session.reused");

    let after = bench
        .users
        .refresh(second.refresh_token.reveal(), from("10.0.0.1"))
        .await;
    assert!(matches!(after, Err(UsersError::RefreshRefused)));
    assert!(bench.users.authenticate(second.access_token.reveal()).is_err());
    assert!(bench.users.authenticate(other.access_token.reveal()).is_ok());
}

#[tokio::test]
async fn a_client_that_missed_the_answer_may_repeat_the_exchange_but_only_one_token_works() {
    let bench = Bench::new();
    bench.register("ana").await;
    let first = bench.log_in("ana").await;
    let lost = bench
        .users
        .refresh(first.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    bench.clock.advance(Duration::from_secs(5));
    let again = bench
        .users
        .refresh(first.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    assert!(bench.users.authenticate(again.access_token.reveal()).is_ok());
    // The answer that was thought lost was stolen: its use ends the login.
    assert!(
        bench
            .users
            .refresh(lost.refresh_token.reveal(), from("10.6.6.6"))
            .await
            .is_err()
    );
    assert!(
        bench
            .users
            .refresh(again.refresh_token.reveal(), from("10.0.0.1"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_exchange_cannot_be_repeated_once_its_result_was_used() {
    let bench = Bench::new();
    bench.register("ana").await;
    let first = bench.log_in("ana").await;
    let second = bench
        .users
        .refresh(first.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    let third = bench
        .users
        .refresh(second.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    assert!(
        bench
            .users
            .refresh(first.refresh_token.reveal(), from("10.0.0.1"))
            .await
            .is_err()
    );
    assert!(
        bench
            .users
            .refresh(third.refresh_token.reveal(), from("10.0.0.1"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn logging_out_holds_at_once_and_over_a_restart() {
    let bench = Bench::new();
    bench.register("ana").await;
    let first = bench.log_in("ana").await;
    let kept = bench.log_in("ana").await;
    let second = bench
        .users
        .refresh(first.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    let caller = bench.users.authenticate(second.access_token.reveal()).unwrap();
    bench.users.logout(&caller, None, Origin::system()).await.unwrap();

    let restarted = bench.restarted();
    for users in [&bench.users, &restarted] {
        assert!(users.authenticate(first.access_token.reveal()).is_err());
        assert!(users.authenticate(second.access_token.reveal()).is_err());
        assert!(
            users
                .refresh(second.refresh_token.reveal(), from("10.0.0.1"))
                .await
                .is_err()
        );
        assert!(users.authenticate(kept.access_token.reveal()).is_ok());
    }
    // A client whose access token has ended logs out with the refresh token alone.
    let nobody = Caller::anonymous();
    assert!(bench.users.logout(&nobody, None, Origin::system()).await.is_err());
    let refresh = kept.refresh_token.reveal();
    bench
        .users
        .logout(&nobody, Some(refresh), Origin::system())
        .await
        .unwrap();
    assert!(bench.users.authenticate(kept.access_token.reveal()).is_err());
}

#[tokio::test]
async fn tokens_of_another_hub_or_another_form_are_refused() {
    let (bench, other) = (Bench::new(), Bench::new());
    bench.register("ana").await;
    other.register("ana").await;
    let foreign = other.log_in("ana").await;
    assert!(bench.users.authenticate(foreign.access_token.reveal()).is_err());
    let own = bench.log_in("ana").await;
    let parts: Vec<&str> = own.access_token.reveal().split('.').collect();
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let cut = format!("{}.{}.", parts[0], parts[1]);
    for token in [unsigned.as_str(), &cut, "", "a.b.c", "gml_", own.refresh_token.reveal()] {
        assert!(bench.users.authenticate(token).is_err(), "{token}");
    }
    assert_eq!(format!("{:?}", own.access_token), "SignedAccessToken(***)");
}

#[tokio::test]
async fn guessing_is_limited_where_it_happens_and_nowhere_else() {
    let bench = Bench::with(|config| config.auth.login_failures_per_minute = 3);
    bench.register("ana").await;
    for _ in 0..3 {
        let wrong = bench.log_in_from("ana", "wrong password", "10.6.6.6").await;
        assert!(matches!(wrong, Err(UsersError::WrongLogin)));
    }
    // In another case it is the same name, and the right password does not help either.
    let limited = bench.log_in_from(" ANA", "correct horse", "10.6.6.6").await;
    assert!(matches!(
        limited,
        Err(UsersError::TooManyAttempts {
            retry_after_seconds: 20
        })
    ));
    // The limit of a name does not tell whose e-mail address it is.
    for address in ["ana@example.org", "nobody@example.org"] {
        let wrong = bench.log_in_from(address, "wrong password", "10.6.6.6").await;
        assert!(matches!(wrong, Err(UsersError::WrongLogin)), "{address}");
    }
    assert!(bench.log_in_from("ana", "correct horse", "10.0.0.1").await.is_ok());
    bench.clock.advance(Duration::from_secs(20));
    assert!(bench.log_in_from("ana", "correct horse", "10.6.6.6").await.is_ok());
}

#[tokio::test]
async fn many_guesses_at_the_same_time_do_not_slip_through() {
    let bench = Bench::with(|config| config.auth.login_failures_per_minute = 3);
    bench.register("ana").await;
    let guesses = (0..20).map(|_| bench.log_in_from("ana", "wrong password", "10.6.6.6"));
    let answers = futures_util::future::join_all(guesses).await;
    let checked = answers
        .iter()
        .filter(|answer| matches!(answer, Err(UsersError::WrongLogin)))
        .count();
    assert_eq!(checked, 3);
}

#[tokio::test]
async fn an_attack_from_everywhere_leaves_the_owner_in_at_a_known_place() {
    let bench = Bench::new();
    bench.register("ana").await;
    bench.log_in_from("ana", "correct horse", "10.0.0.1").await.unwrap();
    for number in 0..100 {
        let address = format!("10.6.{number}.6");
        let wrong = bench.log_in_from("ana", "wrong password", &address).await;
        assert!(matches!(wrong, Err(UsersError::WrongLogin)));
    }
    let elsewhere = bench.log_in_from("ana", "correct horse", "10.7.7.7").await;
    assert!(matches!(elsewhere, Err(UsersError::TooManyAttempts { .. })));
    assert!(bench.log_in_from("ana", "correct horse", "10.0.0.1").await.is_ok());
}

#[tokio::test]
async fn more_password_checks_than_can_wait_are_refused_at_once() {
    let bench = Bench::with(|config| {
        config.auth.password_checks_at_once = 1;
        config.auth.login_failures_per_minute = 10_000;
        config.auth.login_attempts_per_minute = 10_000;
    });
    bench.register("ana").await;
    let guesses = (0..200).map(|_| bench.log_in_from("ana", "wrong password", "10.0.0.1"));
    let answers = futures_util::future::join_all(guesses).await;
    let busy = answers.iter().filter(|answer| matches!(answer, Err(UsersError::Busy)));
    assert!(busy.count() > 0);
    assert!(bench.log_in_from("ana", "correct horse", "10.0.0.1").await.is_ok());
}

#[tokio::test]
async fn a_password_is_hashed_anew_at_login_when_the_settings_changed() {
    let bench = Bench::new();
    bench.register("ana").await;
    let mut stronger = (*bench.config.current()).clone();
    stronger.auth.password_memory = Size::kib(128);
    bench.config.publish(stronger);
    bench.log_in("ana").await;
    let stored: geoml_hub::store::Table<geoml_hub::base::UserId, String> = geoml_hub::store::Table::new("passwords");
    let hashes = bench
        .store
        .read(|tx| stored.list(tx, &geoml_hub::store::Scan::all()))
        .unwrap();
    assert!(
        hashes[0].1.starts_with("$argon2id$v=19$m=128,t=1,p=1$"),
        "{}",
        hashes[0].1
    );
    bench.log_in("ana").await;
}

#[tokio::test]
async fn a_deactivated_account_is_out_at_once_and_stays_out() {
    let bench = Bench::new();
    let admin = bench.caller("root-admin").await;
    bench.register("ana").await;
    let grant = bench.log_in("ana").await;
    let set_active = async |is_active| {
        let ana = bench.users.get(&"ana".parse().unwrap()).unwrap();
        let proof = admin.require_self_or_admin(ana, Scope::Admin).unwrap();
        let change = AccountChange {
            is_active: Some(is_active),
            ..AccountChange::default()
        };
        bench.users.update(proof, change, Origin::system()).await.unwrap();
    };
    set_active(false).await;
    assert!(bench.users.authenticate(grant.access_token.reveal()).is_err());
    assert!(
        bench
            .users
            .refresh(grant.refresh_token.reveal(), from("10.0.0.1"))
            .await
            .is_err()
    );
    let told = bench.log_in_from("ana", "correct horse", "10.0.0.1").await;
    assert!(matches!(told, Err(UsersError::Deactivated)));
    let untold = bench.log_in_from("ana", "wrong password", "10.0.0.1").await;
    assert!(matches!(untold, Err(UsersError::WrongLogin)));
    set_active(true).await;
    assert!(bench.users.authenticate(grant.access_token.reveal()).is_err());
    assert!(bench.log_in_from("ana", "correct horse", "10.0.0.1").await.is_ok());
}

#[tokio::test]
async fn changing_the_password_ends_the_other_logins() {
    let bench = Bench::new();
    bench.register("ana").await;
    let (here, there) = (bench.log_in("ana").await, bench.log_in("ana").await);
    let caller = bench.users.authenticate(here.access_token.reveal()).unwrap();
    let change = |present: Option<&str>, new: &str| {
        let proof = caller
            .require_self_or_admin(caller.account().unwrap().clone(), Scope::Admin)
            .unwrap();
        let (present, new) = (present.map(Password::new), Password::new(new));
        bench.users.change_password(proof, present, new, from("10.0.0.1"))
    };
    assert!(matches!(
        change(None, "battery staple").await,
        Err(UsersError::Invalid {
            field: "current_password",
            ..
        })
    ));
    assert!(matches!(
        change(Some("wrong horse"), "battery staple").await,
        Err(UsersError::WrongPassword)
    ));
    assert!(matches!(
        change(Some("correct horse"), "short").await,
        Err(UsersError::Invalid {
            field: "new_password",
            ..
        })
    ));
    change(Some("correct horse"), "battery staple").await.unwrap();
    assert!(bench.users.authenticate(here.access_token.reveal()).is_ok());
    assert!(bench.users.authenticate(there.access_token.reveal()).is_err());
    assert!(bench.log_in_from("ana", "correct horse", "10.0.0.1").await.is_err());
    assert!(bench.log_in_from("ana", "battery staple", "10.0.0.1").await.is_ok());
}

#[tokio::test]
async fn what_has_expired_is_purged() {
    let bench = Bench::new();
    bench.register("ana").await;
    let grant = bench.log_in("ana").await;
    bench
        .users
        .refresh(grant.refresh_token.reveal(), from("10.0.0.1"))
        .await
        .unwrap();
    assert_eq!(bench.users.purge().await.unwrap(), 0);
    bench.clock.advance(Duration::from_hours(24 * 7 + 1));
    bench.log_in_from("ana", "correct horse", "10.0.0.2").await.unwrap();
    assert!(bench.users.purge().await.unwrap() > 0);
    assert_eq!(bench.users.purge().await.unwrap(), 0);
    bench.clock.advance(Duration::from_hours(24 * 91));
    // The second login and its token, and both places.
    assert_eq!(bench.users.purge().await.unwrap(), 4);
}
