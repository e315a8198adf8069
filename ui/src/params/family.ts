import type { ParamMatcher } from '@sveltejs/kit';

/** The part of an address that tells datasets and spaces from models. */
export const match: ParamMatcher = (parameter) => parameter === 'datasets' || parameter === 'spaces';
