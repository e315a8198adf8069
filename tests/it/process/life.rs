use crate::support::TestApp;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_new_hub_answers_within_a_second_of_its_start() {
    // The best of three, because other tests share the processors.
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let app = TestApp::start().await;
        let health = app.anonymous().get("/health").await.ok();
        best = best.min(began.elapsed());
        assert_eq!(health["status"], "ok");
        app.finish().await;
    }
    assert!(best < Duration::from_secs(1), "the first answer took {best:?}");
}

#[tokio::test]
async fn a_hub_starts_again_on_its_folder_after_a_stop_and_after_a_kill() {
    let mut app = TestApp::start().await;
    let anonymous = app.anonymous();
    app.restart().await;
    anonymous.get("/health").await.ok();
    app.kill().await;
    app.start_again().await;
    anonymous.get("/health").await.ok();
    app.finish().await;
}
