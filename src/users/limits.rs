//! How often passwords may be guessed, and how many accounts somebody may make.
//!
//! Each registration counts against a budget of its address. Each failed login counts against three budgets, and a login that succeeds takes its own attempt back:
//!
//! - the pair of what was typed as login and the address: a few a minute. By what was typed, not by the account, so that
//!   it does not tell which e-mail address belongs to which name;
//! - the address, over all accounts: some more a minute;
//! - the account, over all addresses from which nobody has logged in to it before: `ACCOUNT_FAILURES` an hour. This
//!   bounds guessing from many machines. The owner is not locked out by it at a place known from an earlier login,
//!   where only the first two budgets count.
//!
//! Logins of programs without a browser count, too: those that an address begins, the wrong codes that an account types,
//! and the questions of a program that waits.
//!
//! An address is a single one of IPv4, or a network of 64 bits of IPv6, which one customer has whole. A budget refills
//! evenly (generic cell rate algorithm, as in ITU-T I.371). An attempt is booked before the password is checked, so
//! many at the same time do not slip through. Budgets live in memory: a restart forgets them, which helps an attacker
//! less than rows for every guess would.

use super::error::UsersError;
use crate::base::{Sha256, Timestamp, UserId};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Failures that an account may see in an hour from places where nobody has logged in to it.
const ACCOUNT_FAILURES: u32 = 100;
/// Logins of programs that one address may begin in an hour; a lecture hall is often one address.
const DEVICE_LOGINS: Budget = Budget {
    attempts: 100,
    period: Duration::from_hours(1),
};
/// Wrong codes of programs that an account may type in a minute.
const DEVICE_CODES: Budget = Budget {
    attempts: 5,
    period: Duration::from_mins(1),
};
/// Questions of a program that waits. It is told to ask every five seconds; this leaves room for a network that delays some.
const DEVICE_QUESTIONS: Budget = Budget {
    attempts: 3,
    period: Duration::from_secs(12),
};
/// Budgets at which full ones are first looked for and forgotten.
const FIRST_CLEANING: usize = 1_024;

/// An address as it is counted: IPv4 mapped into IPv6, or the first 64 bits of IPv6.
pub(super) fn network(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).octets(),
    }
}

/// Whose budget it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Pair(Sha256, [u8; 16]),
    Address([u8; 16]),
    Account(Sha256),
    Registrations([u8; 16]),
    DeviceLogins([u8; 16]),
    DeviceCodes(UserId),
    DeviceQuestions(Sha256),
}

/// So many attempts in so much time.
#[derive(Debug, Clone, Copy)]
struct Budget {
    attempts: u32,
    period: Duration,
}

impl Budget {
    fn interval(self) -> Duration {
        self.period / self.attempts.max(1)
    }
}

/// Who tries to log in, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// Digest of the name or e-mail address that was typed.
    pub login: Sha256,
    /// Digest of the account's id, or of the login when there is no such account.
    pub account: Sha256,
    /// From [`network`].
    pub network: [u8; 16],
    /// Whether somebody logged in to this account from there before.
    pub known_place: bool,
    /// Failures of the pair of login and address in a minute.
    pub pair_failures: u32,
    /// Failures of the address in a minute.
    pub address_failures: u32,
}

impl Attempt {
    fn budgets(&self) -> Vec<(Holder, Budget)> {
        let minute = |attempts| Budget {
            attempts,
            period: Duration::from_mins(1),
        };
        let mut budgets = vec![
            (Holder::Pair(self.login, self.network), minute(self.pair_failures)),
            (Holder::Address(self.network), minute(self.address_failures)),
        ];
        if !self.known_place {
            let hour = Budget {
                attempts: ACCOUNT_FAILURES,
                period: Duration::from_hours(1),
            };
            budgets.push((Holder::Account(self.account), hour));
        }
        budgets
    }
}

/// The budgets; cheap to clone.
#[derive(Clone)]
pub(super) struct LoginLimits(Arc<Mutex<Spent>>);

struct Spent {
    /// When each budget will be full again; one that is full is not here.
    full_at: HashMap<Holder, Timestamp>,
    clean_at: usize,
}

impl LoginLimits {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Spent {
            full_at: HashMap::new(),
            clean_at: FIRST_CLEANING,
        })))
    }

    /// Books an attempt on every budget, or refuses it and books nothing.
    pub(super) fn book(&self, attempt: &Attempt, now: Timestamp) -> Result<Booking, UsersError> {
        self.take(attempt.budgets(), now)
            .map_err(|retry_after_seconds| UsersError::TooManyAttempts { retry_after_seconds })
    }

    /// Books a registration on the budget of an address, or refuses it.
    pub(super) fn book_registration(&self, network: [u8; 16], per_hour: u32, now: Timestamp) -> Result<(), UsersError> {
        let hour = Budget {
            attempts: per_hour,
            period: Duration::from_hours(1),
        };
        match self.take(vec![(Holder::Registrations(network), hour)], now) {
            Ok(_) => Ok(()),
            Err(retry_after_seconds) => Err(UsersError::TooManyRegistrations { retry_after_seconds }),
        }
    }

    /// Books the beginning of a program's login on the budget of an address, or refuses it.
    pub(super) fn book_device_login(&self, network: [u8; 16], now: Timestamp) -> Result<(), UsersError> {
        match self.take(vec![(Holder::DeviceLogins(network), DEVICE_LOGINS)], now) {
            Ok(_) => Ok(()),
            Err(retry_after_seconds) => Err(UsersError::TooManyDevices { retry_after_seconds }),
        }
    }

    /// Books a code of a program that somebody typed, or refuses it. One that is right is taken back.
    pub(super) fn book_device_code(&self, account: UserId, now: Timestamp) -> Result<Booking, UsersError> {
        self.take(vec![(Holder::DeviceCodes(account), DEVICE_CODES)], now)
            .map_err(|retry_after_seconds| UsersError::TooManyCodes { retry_after_seconds })
    }

    /// Books a question of a program that waits; whether it may ask already.
    pub(super) fn may_ask(&self, device: Sha256, now: Timestamp) -> bool {
        self.take(vec![(Holder::DeviceQuestions(device), DEVICE_QUESTIONS)], now)
            .is_ok()
    }

    /// Books an attempt on all of these, or answers after how many seconds there is room.
    fn take(&self, budgets: Vec<(Holder, Budget)>, now: Timestamp) -> Result<Booking, u64> {
        let mut spent = self.spent();
        let wait = budgets
            .iter()
            .map(|(holder, budget)| spent.wait(*holder, *budget, now))
            .max();
        if let Some(wait) = wait
            && !wait.is_zero()
        {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        for (holder, budget) in &budgets {
            let full_at = spent.full_at.get(holder).copied().unwrap_or(now).max(now);
            spent.full_at.insert(*holder, full_at.plus(budget.interval()));
        }
        spent.clean(now);
        Ok(Booking {
            limits: self.clone(),
            budgets,
        })
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spent {
    /// How long until the budget has room for one more.
    fn wait(&self, holder: Holder, budget: Budget, now: Timestamp) -> Duration {
        let full_at = self.full_at.get(&holder).copied().unwrap_or(now);
        let room = budget.interval() * budget.attempts.saturating_sub(1);
        full_at.since(now).saturating_sub(room)
    }

    /// Forgets budgets that are full, now and then, so that the cost per attempt stays constant.
    fn clean(&mut self, now: Timestamp) {
        if self.full_at.len() >= self.clean_at {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.clean_at = (2 * self.full_at.len()).max(FIRST_CLEANING);
        }
    }
}

/// An attempt that counts as a failure unless it is taken back.
pub(super) struct Booking {
    limits: LoginLimits,
    budgets: Vec<(Holder, Budget)>,
}

impl Booking {
    /// The password was right, or was never checked: the attempt does not count.
    pub(super) fn take_back(self) {
        let mut spent = self.limits.spent();
        for (holder, budget) in &self.budgets {
            if let Some(full_at) = spent.full_at.get_mut(holder) {
                *full_at = full_at.minus(budget.interval());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn attempt(account: &str, address: &str, known_place: bool) -> Attempt {
        Attempt {
            login: Sha256::of(account.as_bytes()),
            account: Sha256::of(account.as_bytes()),
            network: network(address.parse().unwrap()),
            known_place,
            pair_failures: 3,
            address_failures: 5,
        }
    }

    #[test]
    fn a_pair_has_a_small_budget_that_refills() {
        let limits = LoginLimits::new();
        let ana = attempt("ana", "10.0.0.1", false);
        for _ in 0..3 {
            assert!(limits.book(&ana, NOW).is_ok());
        }
        let refused = limits.book(&ana, NOW).map(|_| ());
        assert!(
            matches!(
                refused,
                Err(UsersError::TooManyAttempts {
                    retry_after_seconds: 20
                })
            ),
            "{refused:?}"
        );
        let later = NOW.plus(Duration::from_secs(20));
        assert!(limits.book(&ana, later).is_ok());
        assert!(limits.book(&ana, later).is_err());
        assert!(limits.book(&attempt("ana", "10.0.0.2", false), NOW).is_ok());
    }

    #[test]
    fn an_address_has_a_budget_over_all_accounts() {
        let limits = LoginLimits::new();
        for number in 0..5 {
            assert!(
                limits
                    .book(&attempt(&number.to_string(), "10.0.0.1", false), NOW)
                    .is_ok()
            );
        }
        assert!(limits.book(&attempt("another", "10.0.0.1", false), NOW).is_err());
        assert!(limits.book(&attempt("another", "10.0.0.2", false), NOW).is_ok());
    }

    #[test]
    fn guessing_from_everywhere_locks_nobody_out_at_a_known_place() {
        let limits = LoginLimits::new();
        for number in 0..ACCOUNT_FAILURES {
            let address = format!("10.1.{}.{}", number / 200, number % 200);
            assert!(limits.book(&attempt("ana", &address, false), NOW).is_ok());
        }
        assert!(limits.book(&attempt("ana", "10.9.9.9", false), NOW).is_err());
        assert!(limits.book(&attempt("ana", "10.0.0.1", true), NOW).is_ok());
        assert!(limits.book(&attempt("ben", "10.9.9.9", false), NOW).is_ok());
    }

    #[test]
    fn an_address_makes_so_many_accounts_in_an_hour() {
        let limits = LoginLimits::new();
        let home = network("10.0.0.1".parse().unwrap());
        for _ in 0..4 {
            limits.book_registration(home, 4, NOW).unwrap();
        }
        let refused = limits.book_registration(home, 4, NOW);
        assert!(
            matches!(
                refused,
                Err(UsersError::TooManyRegistrations {
                    retry_after_seconds: 900
                })
            ),
            "{refused:?}"
        );
        let elsewhere = network("10.0.0.2".parse().unwrap());
        assert!(limits.book_registration(elsewhere, 4, NOW).is_ok());
        assert!(
            limits
                .book_registration(home, 4, NOW.plus(Duration::from_mins(15)))
                .is_ok()
        );
    }

    #[test]
    fn a_login_that_succeeds_does_not_count() {
        let limits = LoginLimits::new();
        for _ in 0..50 {
            limits
                .book(&attempt("ana", "10.0.0.1", false), NOW)
                .map(Booking::take_back)
                .unwrap();
        }
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }
}
