//! The terminal shell: the event loop, the runtime that executes effects, and the views.
