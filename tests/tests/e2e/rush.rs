//! Many callers at once.

use futures_util::future::join_all;
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_sell_exactly_what_is_there() {
    let world = World::new().await;
    let event = world.event(500).await;
    // Each caller books 1, 2 or 3 tickets again and again until it is refused.
    let callers = (0..64_u32).map(|n| {
        let (client, event) = (world.admin.client.clone(), event.clone());
        tokio::spawn(async move {
            let (quantity, mut booked) = (n % 3 + 1, Vec::new());
            loop {
                let answer = client.book(&event, quantity).await;
                match answer.status {
                    201 => booked.push((answer.number(), quantity)),
                    503 => {}
                    _ => {
                        answer.expect_problem(409, "sold_out");
                        return booked;
                    }
                }
            }
        })
    });
    let booked = join_all(callers).await.into_iter().map(Result::unwrap);
    let booked: Vec<(i64, u32)> = booked.flatten().collect();
    // Those who want one ticket go on to the last: nothing remains.
    assert_eq!(
        booked.iter().map(|(_, quantity)| quantity).sum::<u32>(),
        500
    );
    assert_eq!(world.admin.client.available(&event).await, 0);
    let (_, rows) = world.inspect().await.until_whole(&event).await;
    for (id, quantity) in &booked {
        let row = rows.iter().find(|row| row.id == *id).unwrap();
        assert_eq!(
            (row.status.as_str(), row.quantity),
            ("confirmed", i64::from(*quantity))
        );
    }
    assert_eq!(
        rows.iter().filter(|row| row.status != "void").count(),
        booked.len()
    );

    // Everybody cancels, twice at once.
    let again: Vec<_> = booked.iter().take(60).collect();
    let cancels = again.iter().flat_map(|(id, _)| {
        [
            world.admin.client.cancel(*id),
            world.admin.client.cancel(*id),
        ]
    });
    let answers = join_all(cancels).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((done, refused), (60, 60));
    let back: i64 = again.iter().map(|(_, quantity)| i64::from(*quantity)).sum();
    let (stock, _) = world.inspect().await.until_whole(&event).await;
    assert_eq!((stock.available, stock.returned), (back, back));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_waiting_request_fits_in_stays() {
    let world = World::new().await;
    let event = world.event(100).await;
    let answers = join_all((0..64).map(|_| world.admin.client.book(&event, 3))).await;
    let booked = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers
        .iter()
        .filter(|answer| answer.body["code"] == "sold_out")
        .count();
    assert_eq!((booked, refused), (33, 31));
    assert_eq!(world.admin.client.available(&event).await, 1);
    world.admin.client.book(&event, 1).await.expect(201);
    world.inspect().await.until_whole(&event).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_sell_one_stock() {
    let world = World::new().await;
    let second = world.server.another().await;
    let event = world.event(50).await;
    let callers = [
        world.admin.client.clone(),
        world.admin.client.at(second.base()),
    ];
    let answers = join_all((0..80).map(|n| callers[n % 2].book(&event, 1))).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        50
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| answer.body["code"] == "sold_out")
            .count(),
        30
    );
    world.inspect().await.until_whole(&event).await;
}
