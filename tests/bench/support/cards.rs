//! Cards made up from words whose frequency follows Zipf's law.

use super::Random;
use geoml_hub::base::{Clock, RepositoryId, RepositoryKind, Timestamp, UserId};
use geoml_hub::search::{Counters, RepositoryDocument};

/// The words, the most frequent first.
pub struct Words {
    english: Vec<String>,
    chinese: Vec<String>,
}

/// What a card says, word by word.
pub struct Card {
    pub title: Vec<String>,
    pub description: Vec<String>,
    pub readme: Vec<String>,
    pub task: String,
}

impl Words {
    /// 8,000 English-like and 3,000 Chinese words.
    pub fn new(random: &mut Random) -> Self {
        const SYLLABLES: &[&str] = &[
            "ba", "cor", "del", "fen", "gra", "hol", "jin", "kar", "lum", "mor", "nev", "pol", "qui", "rud", "sol",
            "tar", "vul", "wex", "yar", "zen", "ter", "lit", "sed", "mar", "gla", "arc",
        ];
        const CHARACTERS: &str =
            "降水预测遥感影像分割地震滑坡识别土壤湿度海表温气候模式高光谱类云检冰川台风路径矿产资源";
        let characters: Vec<char> = CHARACTERS.chars().collect();
        let english = (0..8_000).map(|_| {
            (0..2 + random.below(3))
                .map(|_| SYLLABLES[random.below(SYLLABLES.len())])
                .collect()
        });
        let english = english.collect();
        let chinese = (0..3_000).map(|_| {
            (0..2 + random.below(2))
                .map(|_| characters[random.below(characters.len())])
                .collect()
        });
        Self {
            english,
            chinese: chinese.collect(),
        }
    }

    fn text(&self, random: &mut Random, english: usize, chinese: usize) -> Vec<String> {
        let mut text: Vec<String> = (0..english)
            .map(|_| self.english[random.zipf(self.english.len())].clone())
            .collect();
        text.extend((0..chinese).map(|_| self.chinese[random.zipf(self.chinese.len())].clone()));
        text
    }

    /// A card of about 1 KB.
    pub fn card(&self, random: &mut Random) -> Card {
        Card {
            title: self.text(random, 4, 2),
            description: self.text(random, 12, 6),
            readme: self.text(random, 80, 40),
            task: format!("task-{}", random.zipf(30)),
        }
    }

    /// What somebody types: one to three words, English ones or both kinds.
    pub fn query(&self, random: &mut Random, mixed: bool) -> Vec<String> {
        let count = 1 + random.below(3);
        let word = |_| {
            let chinese = mixed && random.below(2) == 0;
            let words = if chinese { &self.chinese } else { &self.english };
            words[random.zipf(words.len())].clone()
        };
        (0..count).map(word).collect()
    }
}

impl Card {
    /// The card of a repository of this number as it is searched.
    pub fn document(&self, clock: &Clock, number: usize) -> RepositoryDocument {
        RepositoryDocument {
            id: RepositoryId::new(clock),
            kind: RepositoryKind::Model,
            owner_id: UserId::new(clock),
            owner: format!("owner-{}", number % 500),
            name: format!("repository-{number}"),
            title: self.title.join(" "),
            description: self.description.join(" "),
            tags: Vec::new(),
            licenses: vec!["apache-2.0".to_owned()],
            frameworks: vec!["pytorch".to_owned()],
            tasks: vec![self.task.clone()],
            library: None,
            labels: Vec::new(),
            pipeline_tag: None,
            parameters: None,
            classifications: Vec::new(),
            card: String::new(),
            readme: self.readme.join(" "),
            file_names: Vec::new(),
            size_bytes: 0,
            counters: Counters::default(),
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
            featured: false,
            public: true,
            readers: Vec::new(),
        }
    }
}
