// Small: keyboard, htmx fallback, unsaved forms.
