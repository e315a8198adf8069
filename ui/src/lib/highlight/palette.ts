import { tagHighlighter, tags } from '@lezer/highlight';

/** Which of the five syntax colours a piece of code has. */
export const palette = tagHighlighter([
	{
		tag: [
			tags.keyword,
			tags.modifier,
			tags.controlKeyword,
			tags.operatorKeyword,
			tags.definitionKeyword,
			tags.moduleKeyword,
			tags.self,
			tags.meta,
			tags.processingInstruction
		],
		class: 'syntax-keyword'
	},
	{
		tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character, tags.escape, tags.inserted],
		class: 'syntax-text'
	},
	{
		tag: [tags.number, tags.bool, tags.null, tags.atom, tags.unit, tags.color, tags.literal],
		class: 'syntax-number'
	},
	{
		tag: [
			tags.function(tags.variableName),
			tags.function(tags.propertyName),
			tags.definition(tags.function(tags.variableName)),
			tags.className,
			tags.typeName,
			tags.namespace,
			tags.tagName,
			tags.attributeName,
			tags.propertyName,
			tags.macroName,
			tags.labelName,
			tags.standard(tags.variableName)
		],
		class: 'syntax-name'
	},
	{ tag: [tags.comment, tags.quote], class: 'syntax-comment' },
	{ tag: [tags.heading, tags.strong], class: 'syntax-strong' },
	{ tag: tags.emphasis, class: 'syntax-emphasis' },
	{ tag: [tags.link, tags.url], class: 'syntax-link' },
	{ tag: [tags.invalid, tags.deleted], class: 'syntax-wrong' }
]);
