//! What `recipes/` holds calls assay as it is: every line is parsed, commands are run, and pods ask for what they may have.

mod lines;
mod parsed;
mod restricted;
mod run;
