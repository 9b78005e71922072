//! The attribute macro `seedbed::test`.
//!
//! It only reads its arguments and hands the body to the runtime in `seedbed-test`; what they mean
//! is said there.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, FnArg, Ident, ItemFn, Meta, Pat, PatType, Token, parse_macro_input};

/// Runs a function on many simulated worlds.
///
/// The function takes `&mut World` and returns nothing, or a `Result` whose error is a finding. A
/// run that breaks a property fails the test and prints its seed, its shrunk story and one line to
/// paste; see `seedbed-test` for the environment variables.
///
/// Arguments, all optional:
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `runs = 1_000` | how many runs | 100 |
/// | `strategy = "pct:3"` | who decides orders and faults | `"portfolio"` |
/// | `faults = "chaos"` | what may go wrong; to whole nodes (crash, pause, clock jump) only to those of `world.node` | `"none"` |
/// | `seed = 7` | the root seed, of which run i's is derived | 0 |
/// | `tape = "…"` | one run, on this tape as a failing test prints it; `seed` is then that of the run | |
/// | `config = \|c\| …` | changes the `WorldConfig` | |
///
/// ```text
/// #[seedbed::test(runs = 1_000, faults = "chaos")]
/// fn counts(world: &mut World) -> Result<()> {
///     let c = world.spawn("counter", || Counter(0));
///     ensure!(world.ask::<_, u64>(c, Add(1))? == 1);
///     Ok(())
/// }
/// ```
///
/// Arguments after the world are drawn anew in each run, from its seed, and are shrunk when a
/// property breaks: by the strategy of `#[draw(…)]`, or by that of their type.
///
/// ```text
/// #[seedbed::test]
/// fn sums(world: &mut World, #[draw(1..100u64)] n: u64, deltas: Vec<i64>) -> Result<()> { … }
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    expand(&arguments, &function).unwrap_or_else(|e| e.to_compile_error()).into()
}

struct Arguments {
    settings: Tokens,
}

struct Argument {
    key: Ident,
    value: Expr,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Argument { key, value: input.parse()? })
    }
}

const KEYS: [&str; 6] = ["runs", "strategy", "faults", "seed", "tape", "config"];

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut settings = Tokens::new();
        let mut seen: Vec<String> = Vec::new();
        for Argument { key, value } in Punctuated::<Argument, Token![,]>::parse_terminated(input)? {
            let name = key.to_string();
            if !KEYS.contains(&name.as_str()) {
                let message = format!("unknown argument `{name}`; there are {}", KEYS.join(", "));
                return Err(syn::Error::new(key.span(), message));
            }
            if seen.contains(&name) {
                return Err(syn::Error::new(key.span(), format!("`{name}` is given twice")));
            }
            seen.push(name);
            settings.extend(quote! { let test = test.#key(#value); });
        }
        Ok(Arguments { settings })
    }
}

fn expand(arguments: &Arguments, function: &ItemFn) -> syn::Result<Tokens> {
    let signature = &function.sig;
    if signature.asyncness.is_some() || !signature.generics.params.is_empty() {
        let message = "a simulated test is a plain function: not async, not generic";
        return Err(syn::Error::new_spanned(signature, message));
    }
    let mut inputs = signature.inputs.iter();
    let world = match inputs.next() {
        Some(FnArg::Typed(world)) => world,
        Some(FnArg::Receiver(receiver)) => {
            return Err(syn::Error::new_spanned(receiver, "a simulated test is a function of its own"));
        }
        None => {
            let message = "a simulated test takes `world: &mut World`, and after it what it draws";
            return Err(syn::Error::new_spanned(&signature.ident, message));
        }
    };
    let drawn = inputs.map(Drawn::of).collect::<syn::Result<Vec<_>>>()?;
    let (name, attributes, visibility) = (&signature.ident, &function.attrs, &function.vis);
    let (output, block) = (&signature.output, &function.block);
    let settings = &arguments.settings;
    let inputs = drawn.iter().map(|drawn| &drawn.input);
    let run = run(&drawn);
    Ok(quote! {
        // A plain function where tests are not built, so that it can be called from a doctest.
        #[cfg_attr(test, ::core::prelude::v1::test)]
        #[cfg_attr(not(test), allow(dead_code, reason = "only tests call it"))]
        #(#attributes)*
        #visibility fn #name() {
            fn body(#world, #(#inputs),*) #output #block
            let test = ::seedbed::testing::Test::new(
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
                ::core::env!("CARGO_PKG_NAME"),
                ::core::env!("CARGO_MANIFEST_DIR"),
            );
            let test = test.by_name();
            #settings
            #run
        }
    })
}

/// How the test is run.
fn run(drawn: &[Drawn]) -> Tokens {
    if drawn.is_empty() {
        return quote! { test.run(|world| ::seedbed::testing::Outcome::into_result(body(world))); };
    }
    // What is wrong with a type is told where it is written.
    let types = drawn.iter().map(|drawn| {
        let ty = &drawn.input.ty;
        quote_spanned! { ty.span() => ::seedbed::testing::drawable::<#ty>(); }
    });
    let strategies = drawn.iter().map(|drawn| &drawn.strategy);
    let names = drawn.iter().map(|drawn| &drawn.name);
    let value = |(n, drawn): (usize, &Drawn)| format_ident!("value_{n}", span = drawn.input.ty.span());
    let values: Vec<Ident> = drawn.iter().enumerate().map(value).collect();
    quote! {
        #(#types)*
        test.run_drawn(
            || (#(#strategies,)*),
            &[#(#names),*],
            |(#(#values,)*)| ::std::vec![#(::std::format!("{:?}", #values)),*],
            |world, (#(#values,)*)| ::seedbed::testing::Outcome::into_result(body(world, #(#values),*)),
        );
    }
}

/// An argument that each run draws.
struct Drawn {
    /// As the body has it.
    input: PatType,
    /// How a finding calls it.
    name: String,
    strategy: Tokens,
}

impl Drawn {
    fn of(input: &FnArg) -> syn::Result<Drawn> {
        let FnArg::Typed(input) = input else { unreachable!("a receiver comes first") };
        let mut input = input.clone();
        let mut strategy = None;
        for attribute in std::mem::take(&mut input.attrs) {
            if !attribute.path().is_ident("draw") {
                input.attrs.push(attribute);
                continue;
            }
            let Meta::List(list) = &attribute.meta else {
                let message = "`draw` takes a strategy of proptest: `#[draw(0..10u32)]`";
                return Err(syn::Error::new_spanned(attribute, message));
            };
            if strategy.is_some() {
                return Err(syn::Error::new_spanned(attribute, "an argument is drawn by one strategy"));
            }
            strategy = Some(list.parse_args::<Expr>()?.into_token_stream());
        }
        let name = match &*input.pat {
            Pat::Ident(name) => name.ident.to_string(),
            other => other.to_token_stream().to_string(),
        };
        let ty = &input.ty;
        let strategy =
            strategy.unwrap_or_else(|| quote_spanned! { ty.span() => ::seedbed::testing::any::<#ty>() });
        Ok(Drawn { input, name, strategy })
    }
}
