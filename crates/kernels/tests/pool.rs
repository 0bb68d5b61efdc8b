//! Work is done once, whatever the threads do.

use kernels::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn check(threads: usize, tasks: usize) {
    let pool = Pool::new(threads);
    let done: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
    pool.each(tasks, |task| {
        done[task].fetch_add(1, Ordering::Relaxed);
    });
    let done: Vec<usize> = done.into_iter().map(AtomicUsize::into_inner).collect();
    assert_eq!(done, vec![1; tasks], "{threads} threads");
}

#[test]
fn each_task_is_done_once() {
    for threads in [0, 1, 2, 3, 8] {
        for tasks in [0, 1, 2, 7, 1000] {
            check(threads, tasks);
        }
    }
}

#[test]
fn many_jobs_one_after_another_with_pauses_in_which_the_threads_sleep() {
    let pool = Pool::new(4);
    let sum = AtomicUsize::new(0);
    for job in 0..5000 {
        if job % 500 == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        pool.set_threads(1 + job % 5);
        pool.each(9, |task| {
            sum.fetch_add(task, Ordering::Relaxed);
        });
    }
    assert_eq!(sum.into_inner(), 5000 * 36);
}

#[test]
fn chunks_are_apart_and_all_of_it() {
    let pool = Pool::new(3);
    let mut items = vec![0usize; 1001];
    pool.chunks(&mut items, 10, |chunk, items| {
        items.iter_mut().for_each(|item| *item += chunk + 1);
    });
    assert!(
        items
            .iter()
            .enumerate()
            .all(|(at, item)| *item == at / 10 + 1)
    );
}

#[test]
fn work_inside_of_work_and_from_several_threads_is_done() {
    let (pool, sum) = (Pool::new(4), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..100 {
                    pool.each(4, |_| {
                        pool.each(4, |task| {
                            sum.fetch_add(task, Ordering::Relaxed);
                        });
                    });
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 3 * 100 * 4 * 6);
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    let pool = Pool::new(3);
    for _ in 0..20 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            pool.each(64, |task| assert_ne!(task, 40, "as expected"));
        }));
        assert!(panicked.is_err());
        let sum = AtomicUsize::new(0);
        pool.each(64, |task| {
            sum.fetch_add(task, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 64 * 63 / 2);
    }
}
