use super::support::Bench;
use geoml_hub::base::AccountName;
use geoml_hub::events::Origin;
use geoml_hub::http::{PageQuery, PageRange};
use geoml_hub::users::{Account, AccountChange, AccountFilter, Caller, Change, Password, Role, Scope, UsersError};
use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};
use std::io::Cursor;

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

async fn update(bench: &Bench, caller: &Caller, whose: &str, change: AccountChange) -> Result<Account, UsersError> {
    let target = bench.users.get(&name(whose)).unwrap();
    let proof = caller.require_self_or_admin(target, Scope::Write)?;
    bench.users.update(proof, change, Origin::system()).await
}

fn text(text: &str) -> Change<String> {
    Change::Set(text.to_owned())
}

#[tokio::test]
async fn people_change_their_own_profile_and_nothing_else() {
    let bench = Bench::new();
    let admin = bench.caller("root-admin").await;
    let ana = bench.caller("ana").await;
    let change = AccountChange {
        full_name: text(" Ana Lytica "),
        website: text("https://example.org/ana"),
        bio: text("地球科学\nERA5"),
        email: Some("new@example.org".to_owned()),
        ..AccountChange::default()
    };
    let changed = update(&bench, &ana, "ana", change.clone()).await.unwrap();
    assert_eq!(changed.profile.full_name.as_deref(), Some("Ana Lytica"));
    assert!(matches!(
        update(&bench, &ana, "root-admin", change).await,
        Err(UsersError::NotYours)
    ));
    let emptied = AccountChange {
        full_name: Change::Clear,
        bio: text(" "),
        ..AccountChange::default()
    };
    let emptied = update(&bench, &ana, "ana", emptied).await.unwrap();
    assert_eq!((emptied.profile.full_name, emptied.profile.bio), (None, None));
    assert_eq!(emptied.profile.website.as_deref(), Some("https://example.org/ana"));

    let taken = AccountChange {
        email: Some("Root-Admin@example.org".to_owned()),
        ..AccountChange::default()
    };
    assert!(matches!(
        update(&bench, &ana, "ana", taken).await,
        Err(UsersError::EmailTaken)
    ));
    let quota = AccountChange {
        storage_quota: Change::Set(7),
        ..AccountChange::default()
    };
    assert!(matches!(
        update(&bench, &ana, "ana", quota.clone()).await,
        Err(UsersError::AdminField("storage_quota"))
    ));
    let granted = update(&bench, &admin, "ana", quota).await.unwrap();
    assert_eq!(bench.users.quota_bytes(&granted), 7);
    let reset = AccountChange {
        storage_quota: Change::Clear,
        is_verified: Some(true),
        ..AccountChange::default()
    };
    let reset = update(&bench, &admin, "ana", reset).await.unwrap();
    assert!(reset.is_verified);
    assert_eq!(bench.users.quota_bytes(&reset), 5 << 30);
    assert_eq!(bench.events()[0], "account.updated");
}

#[tokio::test]
async fn the_hub_keeps_an_administrator() {
    let bench = Bench::new();
    let admin = bench.caller("root-admin").await;
    bench.register("ana").await;
    let demote = AccountChange {
        role: Some(Role::User),
        ..AccountChange::default()
    };
    let deactivate = AccountChange {
        is_active: Some(false),
        ..AccountChange::default()
    };
    for change in [demote.clone(), deactivate] {
        let refused = update(&bench, &admin, "root-admin", change).await;
        assert!(matches!(refused, Err(UsersError::LastAdmin)));
    }
    let promote = AccountChange {
        role: Some(Role::Admin),
        ..AccountChange::default()
    };
    update(&bench, &admin, "ana", promote).await.unwrap();
    // Each demotes the other at the same time: one of them stays.
    let ana = bench
        .users
        .caller_from_console(bench.users.get(&name("ana")).unwrap().id)
        .unwrap();
    let (one, other) = tokio::join!(
        update(&bench, &admin, "ana", demote.clone()),
        update(&bench, &ana, "root-admin", demote)
    );
    assert!(one.is_ok() != other.is_ok());
}

#[tokio::test]
async fn an_administrator_sets_a_password_without_the_old_one() {
    let bench = Bench::new();
    let admin = bench.caller("root-admin").await;
    let ana = bench.caller("ana").await;
    let target = ana.account().unwrap().clone();
    let proof = admin.require_self_or_admin(target, Scope::Admin).unwrap();
    let set = bench
        .users
        .change_password(proof, None, Password::new("battery staple"), Origin::system());
    set.await.unwrap();
    assert!(bench.log_in_from("ana", "battery staple", "10.0.0.1").await.is_ok());
    let ana = name("ANA");
    let set = bench
        .users
        .set_password_from_console(&ana, Password::new("from the console"));
    set.await.unwrap();
    assert!(bench.log_in_from("ana", "from the console", "10.0.0.1").await.is_ok());
}

#[tokio::test]
async fn lists_are_sorted_and_show_deactivated_accounts_to_administrators_only() {
    let bench = Bench::new();
    let admin = bench.caller("root-admin").await;
    for name in ["cleo", "Ana", "ben"] {
        bench.register(name).await;
    }
    let deactivate = AccountChange {
        is_active: Some(false),
        full_name: text("Benjamin 本"),
        ..AccountChange::default()
    };
    update(&bench, &admin, "ben", deactivate).await.unwrap();
    let range = PageQuery {
        page: None,
        limit: None,
    }
    .range()
    .unwrap();
    let list = async |filter: Option<&str>, everything, range: PageRange| {
        let filter = AccountFilter {
            text: filter.map(str::to_owned),
            everything,
        };
        let page = bench.users.list(filter, range).await.unwrap();
        let names: Vec<_> = page.items.iter().map(|account| account.name.to_string()).collect();
        (names, page.total)
    };
    assert_eq!(list(None, false, range).await.0, ["Ana", "cleo", "root-admin"]);
    assert_eq!(list(None, true, range).await.0, ["Ana", "ben", "cleo", "root-admin"]);
    assert_eq!(list(Some("本"), true, range).await.0, ["ben"]);
    assert_eq!(list(Some("cleo@example"), true, range).await.0, ["cleo"]);
    assert!(list(Some("cleo@example"), false, range).await.0.is_empty());
    let second = PageRange { page: 2, limit: 2 };
    assert_eq!(list(None, false, second).await, (vec!["root-admin".to_owned()], 3));
}

fn encode(picture: RgbaImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::from(picture);
    let picture = match format {
        ImageFormat::Jpeg => DynamicImage::from(picture.to_rgb8()),
        _ => picture,
    };
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn an_avatar_becomes_a_small_square_png() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let proof = || {
        ana.require_self_or_admin(ana.account().unwrap().clone(), Scope::Write)
            .unwrap()
    };
    assert!(matches!(bench.users.avatar(&name("ana")), Err(UsersError::NoAvatar(_))));
    // The middle square is red, the sides are blue.
    let wide = RgbaImage::from_fn(1200, 400, |x, _| match x {
        400..800 => Rgba([255, 0, 0, 255]),
        _ => Rgba([0, 0, 255, 255]),
    });
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let upload = encode(wide.clone(), format);
        let account = bench.users.set_avatar(proof(), upload, Origin::system()).await.unwrap();
        let (digest, png) = bench.users.avatar(&name("ANA")).unwrap();
        assert_eq!(account.avatar, Some(digest));
        assert_eq!(image::guess_format(&png).unwrap(), ImageFormat::Png);
        let picture = image::load_from_memory(&png).unwrap();
        assert_eq!(picture.dimensions(), (256, 256));
        let Rgba([red, _, blue, _]) = picture.get_pixel(20, 128);
        assert!(red > 200 && blue < 60, "{format:?}: {red} {blue}");
    }
    let small = encode(RgbaImage::new(10, 20), ImageFormat::Png);
    bench.users.set_avatar(proof(), small, Origin::system()).await.unwrap();
    let (_, png) = bench.users.avatar(&name("ana")).unwrap();
    assert_eq!(image::load_from_memory(&png).unwrap().dimensions(), (10, 10));
}

#[tokio::test]
async fn pictures_that_harm_are_refused() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let huge = encode(RgbaImage::new(9_000, 1), ImageFormat::Png);
    let large = vec![0; 5 * 1024 * 1024 + 1];
    let mut cut = encode(RgbaImage::new(100, 100), ImageFormat::Png);
    cut.truncate(60);
    // A header that promises 8,000 × 8,000 pixels and no more.
    let mut bomb = encode(RgbaImage::new(1, 1), ImageFormat::Gif);
    bomb[6..10].copy_from_slice(&[0x40, 0x1f, 0x40, 0x1f]);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    for (what, upload) in [
        ("huge", huge),
        ("cut", cut),
        ("bomb", bomb),
        ("svg", svg),
        ("empty", Vec::new()),
    ] {
        let proof = ana.require_self_or_admin(ana.account().unwrap().clone(), Scope::Write);
        let refused = bench.users.set_avatar(proof.unwrap(), upload, Origin::system()).await;
        assert!(matches!(refused, Err(UsersError::UnusablePicture(_))), "{what}");
    }
    let proof = ana.require_self_or_admin(ana.account().unwrap().clone(), Scope::Write);
    let refused = bench.users.set_avatar(proof.unwrap(), large, Origin::system()).await;
    assert!(matches!(refused, Err(UsersError::PictureTooLarge(_))));
}
