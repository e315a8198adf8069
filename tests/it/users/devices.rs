use super::support::{Bench, from};
use geoml_hub::users::{DeviceAnswer, DeviceDecision, Scope, UsersError};
use std::time::Duration;

const YES: DeviceDecision = DeviceDecision::Approve {
    scope: Scope::Write,
    expires_at: None,
};

#[tokio::test]
async fn the_codes_of_a_program_stop_to_work_after_ten_minutes_and_are_removed() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let program = from("10.0.0.9");
    let late = bench.users.start_device_login("tool", program.clone()).await.unwrap();
    let approved = bench.users.start_device_login("tool", program.clone()).await.unwrap();
    bench
        .users
        .decide_device_login(&ana, &approved.user_code, YES, program.clone())
        .await
        .unwrap();
    assert_eq!(bench.users.purge().await.unwrap(), 0);
    bench.clock.advance(Duration::from_mins(10));
    let refused = bench
        .users
        .decide_device_login(&ana, &late.user_code, YES, program.clone())
        .await;
    assert!(matches!(refused, Err(UsersError::UnknownDeviceCode)), "{refused:?}");
    for login in [late, approved] {
        let secret = login.device_code.reveal().to_owned();
        let answer = bench.users.ask_device_login(&secret, program.clone()).await.unwrap();
        assert!(matches!(answer, DeviceAnswer::Expired), "{answer:?}");
    }
    assert!(bench.users.list_tokens(&ana).unwrap().is_empty());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.users.purge().await.unwrap(), 2);
}

#[tokio::test]
async fn of_questions_at_the_same_time_one_gets_the_token_and_events_tell_of_it() {
    let bench = Bench::new();
    let ana = bench.caller("ana").await;
    let program = from("10.0.0.9");
    let login = bench.users.start_device_login("tool", program.clone()).await.unwrap();
    let waiting = bench.users.device_login(&ana, &login.user_code).unwrap();
    assert_eq!((waiting.program.as_str(), waiting.address), ("tool", program.address));
    bench
        .users
        .decide_device_login(&ana, &login.user_code, YES, program.clone())
        .await
        .unwrap();
    let secret = login.device_code.reveal();
    let ask = || bench.users.ask_device_login(secret, program.clone());
    let answers = tokio::join!(ask(), ask(), ask());
    let answers = [answers.0.unwrap(), answers.1.unwrap(), answers.2.unwrap()];
    let granted = answers
        .iter()
        .filter(|answer| matches!(answer, DeviceAnswer::Granted(..)))
        .count();
    assert_eq!(granted, 1, "{answers:?}");
    let shown = format!("{answers:?}{login:?}");
    assert!(!shown.contains(secret), "{shown}");
    assert_eq!(bench.events()[..2], ["token.created", "device.approved"]);
    let other = bench.users.start_device_login("tool", program.clone()).await.unwrap();
    bench
        .users
        .decide_device_login(&ana, &other.user_code, DeviceDecision::Deny, program)
        .await
        .unwrap();
    assert_eq!(bench.events()[0], "device.denied");
}

#[tokio::test]
async fn the_hub_keeps_so_many_logins_of_programs_and_no_more() {
    let bench = Bench::new();
    let start = async |number: u32| {
        let place = format!("10.{}.{}.1", number / 200, number % 200);
        bench.users.start_device_login("tool", from(&place)).await
    };
    for number in 0..2_000 {
        start(number).await.unwrap();
    }
    let refused = start(2_000).await;
    assert!(matches!(refused, Err(UsersError::Busy)), "{refused:?}");
    bench.clock.advance(Duration::from_secs(601));
    start(2_001).await.unwrap();
}
