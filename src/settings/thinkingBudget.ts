/** Most tokens of thoughts where nothing is said. A file of its own: workers need it without the table. */
export const defaultThinkingBudget = 1024;
