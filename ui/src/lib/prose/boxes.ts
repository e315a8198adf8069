import CopyButton from '$lib/components/base/CopyButton.svelte';
import { mount, unmount } from 'svelte';

/** Gives every block of code a button that copies it. Returns what takes the buttons away. */
export function addCopyButtons(root: Element): () => void {
	const buttons = [...root.querySelectorAll('pre')].map((block) => {
		const box = document.createElement('div');
		box.className = 'relative';
		block.replaceWith(box);
		box.append(block);
		const text = (block.textContent ?? '').replace(/\n$/, '');
		return mount(CopyButton, {
			target: box,
			props: { text, class: 'absolute top-2 right-2 bg-sunken' }
		});
	});
	return () => buttons.forEach((button) => void unmount(button));
}

/** Wide tables and code scroll in a box of their own; a keyboard reaches it. */
export function letWideBoxesBeFocused(root: Element): void {
	for (const box of root.querySelectorAll('pre > code, table')) {
		if (box.scrollWidth > box.clientWidth) box.setAttribute('tabindex', '0');
	}
}

/** A box of a task list is named by its task. */
export function nameTasks(root: Element): void {
	for (const box of root.querySelectorAll('li input[type="checkbox"]')) {
		box.setAttribute('aria-label', box.closest('li')!.textContent!.trim().slice(0, 200));
	}
}

/** Chinese is emphasised by dots, not by slanted characters. */
export function markChineseEmphasis(root: Element): void {
	for (const words of root.querySelectorAll('em')) {
		if (/\p{Script=Han}/u.test(words.textContent ?? '')) words.classList.add('dotted');
	}
}
