import { m } from '$messages';

/** The words of CodeMirror's search and folding in the reader's language. */
export function phrases(): Record<string, string> {
	return {
		Find: m.files_search_find(),
		next: m.files_search_next(),
		previous: m.files_search_previous(),
		all: m.files_search_all(),
		'match case': m.files_search_case(),
		'by word': m.files_search_word(),
		regexp: m.files_search_pattern(),
		close: m.action_close(),
		'current match': m.files_search_current(),
		'on line': m.files_search_on_line(),
		'Go to line': m.files_go_to_line(),
		go: m.files_go(),
		'Fold line': m.files_fold(),
		'Unfold line': m.files_unfold(),
		'folded code': m.files_folded(),
		unfold: m.files_unfold(),
		'Folded lines': m.files_folded(),
		'Unfolded lines': m.files_unfold(),
		to: '–'
	};
}
