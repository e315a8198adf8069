use super::support::{Bench, new_account};
use geoml_hub::config::Registration;
use geoml_hub::events::Origin;
use geoml_hub::users::{Caller, Email, NewAccount, Password, Scope, UsersError};

#[tokio::test]
async fn of_two_first_accounts_one_administers_the_hub() {
    let bench = Bench::new();
    let (ana, ben) = tokio::join!(
        bench.users.register(new_account("ana"), Origin::system()),
        bench.users.register(new_account("ben"), Origin::system())
    );
    assert!(ana.unwrap().is_admin() != ben.unwrap().is_admin());
    assert!(
        !bench
            .users
            .register(new_account("eve"), Origin::system())
            .await
            .unwrap()
            .is_admin()
    );
}

#[tokio::test]
async fn names_and_addresses_are_unique_without_regard_to_case() {
    let bench = Bench::new();
    bench
        .users
        .register(new_account("Ana"), Origin::system())
        .await
        .unwrap();
    let same_name = bench.users.register(new_account("aNA"), Origin::system()).await;
    assert!(matches!(same_name, Err(UsersError::NameTaken(_))));
    let same_address = NewAccount {
        email: "ANA@Example.org".to_owned(),
        ..new_account("ben")
    };
    assert!(matches!(
        bench.users.register(same_address, Origin::system()).await,
        Err(UsersError::EmailTaken)
    ));
    let (one, other) = tokio::join!(
        bench.users.register(new_account("eve"), Origin::system()),
        bench.users.register(new_account("EVE"), Origin::system())
    );
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(bench.users.get(&"ANA".parse().unwrap()).unwrap().name.as_str(), "Ana");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_the_field_named() {
    let bench = Bench::new();
    let cases: [(&str, NewAccount); 5] = [
        ("username", new_account("a b")),
        ("username", new_account("API")),
        (
            "email",
            NewAccount {
                email: "nobody".to_owned(),
                ..new_account("ana")
            },
        ),
        (
            "password",
            NewAccount {
                password: Password::new("1234567"),
                ..new_account("ana")
            },
        ),
        (
            "full_name",
            NewAccount {
                full_name: Some("x".repeat(200)),
                ..new_account("ana")
            },
        ),
    ];
    for (field, new) in cases {
        let error = bench.users.register(new, Origin::system()).await.unwrap_err();
        let details = geoml_hub::http::Problem::details(&error).unwrap();
        assert_eq!(details["field"], field, "{error}");
    }
}

#[tokio::test]
async fn closed_registration_still_lets_the_first_account_in() {
    let bench = Bench::with(|config| config.auth.registration = Registration::Closed);
    assert!(
        bench
            .users
            .register(new_account("ana"), Origin::system())
            .await
            .unwrap()
            .is_admin()
    );
    for name in ["ben", "ana"] {
        let refused = bench.users.register(new_account(name), Origin::system()).await;
        assert!(
            matches!(refused, Err(UsersError::RegistrationClosed)),
            "{name} must not be told to be taken"
        );
    }

    let mut open = (*bench.config.current()).clone();
    open.auth.registration = Registration::Open;
    bench.config.publish(open);
    assert!(bench.users.register(new_account("ben"), Origin::system()).await.is_ok());
}

#[tokio::test]
async fn a_caller_proves_only_what_the_account_may() {
    let bench = Bench::new();
    let ana = bench
        .users
        .register(new_account("ana"), Origin::system())
        .await
        .unwrap();
    let ben = bench
        .users
        .register(new_account("ben"), Origin::system())
        .await
        .unwrap();
    let admin = bench.users.caller_from_console(ana.id).unwrap();
    let user = bench.users.caller_from_console(ben.id).unwrap();

    assert!(admin.require_admin().is_ok());
    assert!(matches!(user.require_admin(), Err(UsersError::AdminRequired)));
    assert!(admin.require_self_or_admin(ben.clone(), Scope::Write).is_ok());
    assert!(user.require_self_or_admin(ben, Scope::Write).unwrap().is_self());
    assert!(matches!(
        user.require_self_or_admin(ana, Scope::Write),
        Err(UsersError::NotYours)
    ));
    assert!(matches!(
        Caller::anonymous().require_scope(Scope::Read),
        Err(UsersError::LoginRequired)
    ));
    assert!(bench.users.authenticate("nonsense").is_err());
    assert_eq!(
        user.account().unwrap().email.as_ref().map(Email::as_str),
        Some("ben@example.org")
    );
}
