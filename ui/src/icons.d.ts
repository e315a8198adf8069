declare module '~icons/lucide/*' {
	import type { Component } from 'svelte';

	/** Decoration, unseen by screen readers, unless it has a label. */
	const icon: Component<{ class?: string; label?: string }>;
	export default icon;
}
