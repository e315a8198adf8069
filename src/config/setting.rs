/// When a changed value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// As soon as the file is saved.
    Live,
    /// When the hub is started again.
    Restart,
}

/// One setting as its section declares it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Section, as in `[uploads]`.
    pub section: &'static str,
    /// What the section is about.
    pub section_about: &'static [&'static str],
    /// Whole name, `section.key`.
    pub key: &'static str,
    /// The doc comment, line by line.
    pub about: &'static [&'static str],
    /// Value when no layer names the key.
    pub default: toml::Value,
    /// When a change takes effect.
    pub applies: Applies,
    /// Never shown or logged.
    pub secret: bool,
}

/// Declares a section: a struct with one field per key, its list of settings, its reader and its defaults.
///
/// `key: Type = default, live|restart;` and, where the type alone allows too much, a rule before the semicolon:
/// `key: u32 = 2, restart, at_least(1);`
macro_rules! section {
    (
        $(#[doc = $section_about:literal])+
        $name:ident as $section:literal {
            $(
                $(#[doc = $about:literal])+
                $field:ident: $type:ty = $default:expr, $applies:ident $(, $rule:expr)?;
            )+
        }
    ) => {
        $(#[doc = $section_about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(
                $(#[doc = $about])+
                pub $field: $type,
            )+
        }

        impl $name {
            const ABOUT: &'static [&'static str] = &[$($section_about),+];

            /// Every setting of this section, in the order of the example file.
            pub(in crate::config) fn settings() -> Vec<$crate::config::Setting> {
                vec![$(
                    $crate::config::Setting {
                        section: $section,
                        section_about: Self::ABOUT,
                        key: concat!($section, ".", stringify!($field)),
                        about: &[$($about),+],
                        default: ::toml::Value::from($default),
                        applies: $crate::config::setting::section!(@applies $applies),
                        secret: <$type as $crate::config::value::SettingValue>::SECRET,
                    },
                )+]
            }

            /// Reads the section; what cannot be used is added to the problems.
            pub(in crate::config) fn read(reader: &mut $crate::config::layers::Reader<'_>) -> Option<Self> {
                $(
                    let $field: Option<$type> = reader.read(
                        concat!($section, ".", stringify!($field)),
                        &$crate::config::setting::section!(@rule $($rule)?),
                    );
                )+
                Some(Self { $($field: $field?),+ })
            }
        }
    };
    (@applies live) => { $crate::config::Applies::Live };
    (@applies restart) => { $crate::config::Applies::Restart };
    (@rule) => { $crate::config::value::anything() };
    (@rule $rule:expr) => { $rule };
}
pub(in crate::config) use section;
