
export{At as load_css,kt as start}from"../chunks/CApkOYrA.js";