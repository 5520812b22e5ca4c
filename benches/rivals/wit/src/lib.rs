//! The check with the component model's bindings: the module before it is wrapped as a component.

wit_bindgen::generate!({
    inline: "
        package reglet:rivals;

        world plugin {
            import log: func(message: string);
            export check: func(config: string) -> result<string, string>;
        }
    ",
});

struct Check;

impl Guest for Check {
    fn check(config: String) -> Result<String, String> {
        let config: rival_task::Config = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        log(&format!("checking {}", config.host));
        serde_json::to_string(&rival_task::check(config)).map_err(|error| error.to_string())
    }
}

export!(Check);
