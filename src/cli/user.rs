use super::arguments::HubArguments;
use super::offline::with_hub;
use super::password::new_password;
use super::say;
use crate::app::Hub;
use crate::base::AccountName;
use crate::events::Origin;
use crate::users::{NewAccessToken, NewAccount, Role, Scope, all_accounts};
use std::time::Duration;

/// What `user` takes.
#[derive(Debug, clap::Args)]
pub(super) struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an account. The first one administers the hub. The password is asked for, or read from standard input.
    Create(Create),
    /// List the accounts.
    List(HubArguments),
    /// Set a password, asked for or read from standard input, and end every login of the account.
    SetPassword(SetPassword),
    /// Make a personal access token and print it, this once.
    Token(Token),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    hub: HubArguments,
    /// The account's name.
    name: String,
    /// The account's e-mail address.
    #[arg(long)]
    email: String,
    /// The name that people use.
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,
    /// The account administers the hub.
    #[arg(long)]
    admin: bool,
}

#[derive(Debug, clap::Args)]
struct SetPassword {
    #[command(flatten)]
    hub: HubArguments,
    /// The account's name.
    name: AccountName,
}

#[derive(Debug, clap::Args)]
struct Token {
    #[command(flatten)]
    hub: HubArguments,
    /// The account's name.
    account: AccountName,
    /// What the token is called.
    #[arg(long, default_value = "command line")]
    name: String,
    /// What the token allows: read, write or admin.
    #[arg(long, default_value = "write", value_parser = parse_scope)]
    scope: Scope,
    /// When the token stops to work, such as 90d [default: never].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    expires: Option<Duration>,
}

impl User {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Create(create) => create.run(),
            Command::List(hub) => with_hub(&hub, "GET /api/users", async |hub| list(hub)),
            Command::SetPassword(set) => set.run(),
            Command::Token(token) => token.run(),
        }
    }
}

impl Create {
    fn run(self) -> anyhow::Result<()> {
        with_hub(&self.hub, "POST /api/users", async |hub| {
            let role = if self.admin || hub.users.is_empty()? {
                Role::Admin
            } else {
                Role::User
            };
            let new = NewAccount {
                username: self.name.clone(),
                email: self.email.clone(),
                password: new_password(&self.name)?,
                full_name: self.full_name.clone(),
            };
            let account = hub.users.create_from_console(new, role).await?;
            let may = if account.is_admin() {
                ", who administers the hub"
            } else {
                ""
            };
            say(&format!("Made the account {}{may}.", account.name));
            Ok(())
        })
    }
}

fn list(hub: &Hub) -> anyhow::Result<()> {
    let accounts = hub.store.read(all_accounts)?;
    say(&format!(
        "{:24} {:6} {:9} {:32} MADE",
        "NAME", "ROLE", "STATE", "E-MAIL"
    ));
    for account in accounts {
        let role = if account.is_admin() { "admin" } else { "user" };
        let state = if account.is_active { "active" } else { "inactive" };
        let email = account.email.as_ref().map_or("", |email| email.as_str());
        say(&format!(
            "{:24} {role:6} {state:9} {email:32} {}",
            account.name.as_str(),
            account.created_at.day()
        ));
    }
    Ok(())
}

impl SetPassword {
    fn run(self) -> anyhow::Result<()> {
        with_hub(&self.hub, "PUT /api/users/{username}/password", async |hub| {
            hub.users.get(&self.name)?;
            hub.users
                .set_password_from_console(&self.name, new_password(self.name.as_str())?)
                .await?;
            say(&format!(
                "The password of {} is set; every login of the account has ended.",
                self.name
            ));
            Ok(())
        })
    }
}

impl Token {
    fn run(self) -> anyhow::Result<()> {
        with_hub(&self.hub, "POST /api/auth/tokens", async |hub| {
            let account = hub.users.get(&self.account)?;
            let caller = hub.users.caller_from_console(account.id)?;
            let new = NewAccessToken {
                name: self.name.clone(),
                scope: self.scope,
                expires_at: self.expires.map(|lifetime| hub.clock.now().plus(lifetime)),
                repositories: None,
            };
            let (_, secret) = hub.users.create_token(&caller, new, Origin::system()).await?;
            say(secret.reveal());
            Ok(())
        })
    }
}

fn parse_scope(text: &str) -> Result<Scope, &'static str> {
    match text {
        "read" => Ok(Scope::Read),
        "write" => Ok(Scope::Write),
        "admin" => Ok(Scope::Admin),
        _ => Err("a scope is read, write or admin"),
    }
}
