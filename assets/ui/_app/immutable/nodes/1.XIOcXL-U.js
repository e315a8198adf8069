
export{t as component}from"../chunks/CApkOYrA.js";