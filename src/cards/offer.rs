use crate::base::RepositoryKind;
use crate::cards::store::{self, CardTemplate};
use crate::cards::templates::TemplateLanguage;
use crate::cards::{Cards, CardsError};
use crate::store::StoreError;
use crate::users::{Caller, Scope};

/// Most templates of one account.
const MOST_TEMPLATES: u64 = 100;
/// Longest template, in bytes.
const CONTENT_MAX_BYTES: usize = 64 * 1024;
/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 80;
/// Longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 300;

/// A template to be made.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// Its name; one of the same name by the same author is replaced.
    pub name: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// Kind of repository that it is for.
    pub kind: RepositoryKind,
    /// Its language.
    pub language: TemplateLanguage,
    /// The README with variables such as `{{title}}`.
    pub content: String,
}

impl Cards {
    /// The templates that people have made.
    pub fn templates(&self) -> Result<Vec<CardTemplate>, StoreError> {
        self.store.read(store::templates)
    }

    /// Makes a template that everybody can use.
    pub async fn offer_template(&self, caller: &Caller, new: NewTemplate) -> Result<CardTemplate, CardsError> {
        let author = caller.require_whole_account(Scope::Write)?.id;
        let template = CardTemplate {
            name: line("name", &new.name, 1, NAME_MAX_CHARS)?,
            description: line("description", &new.description, 0, DESCRIPTION_MAX_CHARS)?,
            kind: new.kind,
            language: new.language,
            content: new.content,
            author,
            updated_at: self.clock.now(),
        };
        if template.content.trim().is_empty() || template.content.len() > CONTENT_MAX_BYTES {
            let message = format!("A template is a text of at most {} KiB.", CONTENT_MAX_BYTES / 1024);
            return Err(CardsError::Invalid {
                field: "content",
                message,
            });
        }
        self.store
            .write(move |tx| {
                let replaces = store::template_exists(tx, author, &template.name)?;
                if !replaces && store::template_count(tx, author)? >= MOST_TEMPLATES {
                    let message =
                        format!("An account can have {MOST_TEMPLATES} templates; give the name of one to replace it.");
                    return Err(CardsError::Invalid { field: "name", message });
                }
                store::put_template(tx, &template)?;
                Ok(template)
            })
            .await
    }
}

fn line(field: &'static str, text: &str, least: usize, most: usize) -> Result<String, CardsError> {
    let text = text.trim();
    if !(least..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        let message = format!("'{field}' is one line of {least} to {most} characters.");
        return Err(CardsError::Invalid { field, message });
    }
    Ok(text.to_owned())
}
