"""No tables of its own: but only an app with this module hears of migrations (billing.apps)."""
