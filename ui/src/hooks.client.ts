import { askForPage } from '$lib/api/early';

askForPage(location.pathname);
