
export{t as component}from"../chunks/D_UFL8el.js";