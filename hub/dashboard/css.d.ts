// esbuild gathers the style sheets that main.tsx imports into app.css.
declare module "*.css";
