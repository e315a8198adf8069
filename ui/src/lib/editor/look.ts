import { EditorView } from '@codemirror/view';

/** The editor in the colours and faces of the page. */
export const look = EditorView.theme({
	'&': { backgroundColor: 'transparent', color: 'var(--ink)', fontSize: '0.8125rem' },
	'&.cm-focused': { outline: '2px solid var(--water)', outlineOffset: '-2px' },
	'.cm-scroller': { fontFamily: 'var(--face-mono)', lineHeight: '1.55', overflowX: 'auto' },
	'.cm-content': { padding: '0.6rem 0', caretColor: 'var(--water)' },
	'.cm-line': { padding: '0 1rem 0 0.6rem' },
	'.cm-gutters': { backgroundColor: 'var(--sheet)', color: 'var(--ink-faint)', border: 'none' },
	'.cm-lineNumbers .cm-gutterElement': {
		padding: '0 0.25rem 0 0.9rem',
		minWidth: '2.75rem',
		cursor: 'pointer'
	},
	'.cm-lineNumbers .cm-gutterElement:hover': { color: 'var(--water)', textDecoration: 'underline' },
	'.cm-foldGutter .cm-gutterElement': { padding: '0 0.125rem' },
	// As high as a line, so that it stands beside the first one where a line is wrapped.
	'.cm-foldOpen, .cm-foldShut': {
		display: 'flex',
		alignItems: 'center',
		height: '1.55em',
		cursor: 'pointer',
		color: 'var(--ink-faint)'
	},
	'.cm-foldShut': { color: 'var(--ochre)' },
	'.cm-foldOpen:hover, .cm-foldShut:hover': { color: 'var(--water)' },
	':is(.cm-foldGutter, .cm-foldPlaceholder) svg': {
		width: '14px',
		height: '14px',
		fill: 'none',
		stroke: 'currentColor',
		strokeWidth: '2',
		strokeLinecap: 'round',
		strokeLinejoin: 'round'
	},
	'.cm-foldPlaceholder': {
		display: 'inline-flex',
		verticalAlign: '-2px',
		margin: '0 0.25em',
		padding: '0 0.3em',
		backgroundColor: 'var(--sunken)',
		border: '1px solid var(--line-strong)',
		borderRadius: '3px',
		color: 'var(--ink-soft)'
	},
	'.cm-foldPlaceholder svg': { strokeWidth: '3' },
	'.cm-foldPlaceholder:hover': { color: 'var(--water)', borderColor: 'var(--water)' },
	'.cm-marked': { backgroundColor: 'var(--ochre-wash)' },
	'.cm-cursor': { borderLeftColor: 'var(--water)' },
	'.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
		backgroundColor: 'var(--water-wash)'
	},
	'.cm-searchMatch': { backgroundColor: 'var(--mark)', borderRadius: '1px' },
	'.cm-searchMatch-selected': { outline: '2px solid var(--ochre)' },
	'.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--ink)', zIndex: '5' },
	'.cm-panels-top': { borderBottom: '1px solid var(--line)' },
	'.cm-panel.cm-search': { padding: '0.5rem 2.25rem 0.5rem 0.75rem', fontFamily: 'var(--face-sans)' },
	'.cm-panel.cm-search label': { fontSize: '0.8125rem', marginRight: '0.75rem' },
	'.cm-panel.cm-search [name=close]': {
		fontSize: '1.25rem',
		top: '0.35rem',
		right: '0.6rem',
		color: 'var(--ink-soft)'
	},
	'.cm-textfield': {
		backgroundColor: 'var(--sheet)',
		border: '1px solid var(--line-strong)',
		borderRadius: '4px',
		fontSize: '0.8125rem',
		padding: '0.25rem 0.5rem'
	},
	'.cm-button': {
		backgroundImage: 'none',
		backgroundColor: 'var(--sheet)',
		border: '1px solid var(--line-strong)',
		borderRadius: '4px',
		fontSize: '0.8125rem',
		padding: '0.25rem 0.6rem'
	}
});
